namespace MmuStress.Mmu;

/// <summary>One MMU that can be put under test.</summary>
/// <param name="Name">What users call it: "loongarch-v20".</param>
/// <param name="Summary">What it is, in one line.</param>
/// <param name="Create">Makes it, for <see cref="Kvm"/>'s constructor.</param>
public sealed record MmuArchitecture(string Name, string Summary, Func<Kvm, KvmArch> Create)
{
    /// <summary>How many levels its tables can have at most.</summary>
    public int MostLevels { get; init; } = 5;

    /// <summary>KVM_HAVE_MMU_RWLOCK: whether mmu_lock is an rwlock_t, so that faults can take it for read.</summary>
    public bool HasMmuRwLock { get; init; }

    /// <summary>How many entries a table should have at most where nothing else is asked for: walks that read each entry for itself take a step for each.</summary>
    public int EntriesPerTable { get; init; } = 512;
}
