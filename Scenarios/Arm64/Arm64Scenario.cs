using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A scenario about what arm64 does in its own way: faults in parallel, break before make, counted tables.</summary>
public abstract class Arm64Scenario : VmScenario
{
    /// <inheritdoc/>
    protected sealed override IReadOnlyList<Expectation> LoongArchExpectations { get; } = [];

    /// <inheritdoc/>
    protected sealed override IReadOnlyList<string> Lifetime { get; } =
        [MmuInvariants.NoTableUseAfterFree, MmuInvariants.NoTableLeak, PageTableWalker.NoWildTranslation, NoPageUseAfterFree];

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { Kvm = new KvmParameters { Levels = 2, EntriesPerTable = 4, RetriesBeforeSchedule = 2 } };

    /// <summary>Has every checker look that is about tables and entries, and the VM destroyed in the end.</summary>
    /// <param name="vm">The VM.</param>
    protected static void CheckTables(Vm vm)
    {
        vm.Check(new NoStaleMapping(), new BreakBeforeMake(), new TableCounts(), new TableAccounting());
        vm.DestroyAtEnd();
    }
}
