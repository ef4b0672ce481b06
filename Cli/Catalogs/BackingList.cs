namespace MmuStress.Cli;

/// <summary>What can back guest memory, by the names of the KVM selftests.</summary>
internal static class BackingList
{
    /// <summary>The names.</summary>
    public static IReadOnlyList<string> All { get; } = ["anonymous", "anonymous_thp", "shmem"];
}
