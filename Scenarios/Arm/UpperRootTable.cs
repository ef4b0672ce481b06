using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A page whose entries hang below the second of several concatenated root tables is mapped and unmapped: each of them is a table in use (A14-1).</summary>
public sealed class UpperRootTable : VmScenario
{
    private const int EntriesPerTable = 32;
    private const ulong FramesPerRoot = EntriesPerTable * EntriesPerTable;

    /// <inheritdoc/>
    public override string Name => "upper-root-table";

    /// <inheritdoc/>
    public override string Summary => "a page below the second concatenated root table is mapped and unmapped";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations => [];

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Lifetime { get; } = [MmuInvariants.NoTableUseAfterFree, PageTableWalker.NoWildTranslation];

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new()
    {
        Base = FramesPerRoot,
        Kvm = new KvmParameters { RetriesBeforeSchedule = 0, Stage2 = Stage2Geometry.Scaled(hardwareLevels: 2, EntriesPerTable, rootTables: 2) },
    };

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1 };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Reads(FirstOf(vm, parameters, id), parameters.PagesPerVcpu));
        }

        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, (ulong)vm.Pages));
        }

        vm.Check(new TableCounts(), new TableAccounting());
        vm.DestroyAtEnd();
    }
}
