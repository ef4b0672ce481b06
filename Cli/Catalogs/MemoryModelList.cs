namespace MmuStress.Cli;

/// <summary>The memory models by the names that users give.</summary>
internal static class MemoryModelList
{
    /// <summary>Sequential consistency.</summary>
    public const string Default = "sc";

    private static readonly string[] Planned = ["tso", "lkmm"];

    /// <summary>The memory models that there are.</summary>
    public static IReadOnlyList<NamedSummary> All { get; } =
    [
        new(Default, "sequential consistency: a read sees the latest write; barriers have no effect"),
    ];

    /// <summary>Refuses a memory model that does not exist.</summary>
    /// <param name="name">What was typed.</param>
    /// <returns>The name.</returns>
    /// <exception cref="UsageException">There is none of that name, or not yet.</exception>
    public static string Require(string name)
    {
        if (Planned.Contains(name, StringComparer.Ordinal))
        {
            throw new UsageException($"memory model {name} is not there yet, only {Default}");
        }

        Lookup.Require(name, All.Select(m => m.Name), "memory model", "'mmu-stress list' names them");
        return name;
    }

    /// <summary>What the memory model cannot show, so that a run that held says nothing about it.</summary>
    /// <param name="memory">The memory model.</param>
    /// <param name="without">What was left out.</param>
    /// <returns>What was left out without an effect.</returns>
    public static IReadOnlyList<string> NotDetectable(string memory, string without) =>
        string.Equals(memory, Default, StringComparison.Ordinal) && Barriers.Contains(without, StringComparer.Ordinal) ? [without] : [];

    private static readonly string[] Barriers = ["rmb", "wmb", "mb"];
}
