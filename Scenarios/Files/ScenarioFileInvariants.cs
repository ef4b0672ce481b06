using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>What a scenario file can have checked, by name.</summary>
public static class ScenarioFileInvariants
{
    /// <summary>The lifetimes.</summary>
    public static IReadOnlyList<string> Lifetimes { get; } =
        ["NoPageUseAfterFree", "NoVmaUseAfterFree", MmuInvariants.NoTableUseAfterFree, MmuInvariants.NoTableLeak, PageTableWalker.NoWildTranslation];

    /// <summary>All that can be named.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        nameof(NoStaleMapping),
        nameof(NoStaleTlb),
        nameof(GuestMemoryCoherence),
        nameof(NotifierBalance),
        nameof(TableAccounting),
        nameof(PageReferences),
        nameof(NoMappingWithoutSlot),
        nameof(ReadOnlySlot),
        nameof(DirtyLogComplete),
        nameof(DirtyLogCompleteStrict),
        .. Lifetimes,
    ];
}
