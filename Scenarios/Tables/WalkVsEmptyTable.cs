using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>The same for a table whose entries were zapped before: it is freed without any flush, because nothing was cleared (LA20-5).</summary>
public sealed class WalkVsEmptyTable : VmScenario
{
    /// <inheritdoc/>
    public override string Name => "walk-vs-empty-table";

    /// <inheritdoc/>
    public override string Summary => "the hardware walks an empty table that a notification frees without a flush";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch(
        Expectation.Violated(V3, "LA3-2", MmuInvariants.NoTableUseAfterFree),
        Expectation.Violated(V20, "LA20-5", MmuInvariants.NoTableUseAfterFree));

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Lifetime { get; } = [MmuInvariants.NoTableUseAfterFree, PageTableWalker.NoWildTranslation];

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { Base = 4, Kvm = new KvmParameters { EntriesPerTable = 4, RetriesBeforeSchedule = 0 } };

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, BytesPerVcpu = 4 * ScenarioParameters.PageSize };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        EmptyTables.Make(stage, vm);
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Reads(vm.First, 1));
        }

        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, (ulong)vm.Pages));
        }

        vm.Check(new NoStaleTlb(), new TableAccounting());
    }
}
