using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>Hardware walks an empty table while its memslot is deleted: upstream unlinks and frees the table, but flushes only if an entry was cleared (LA-U2).</summary>
public sealed class WalkVsMemslotDelete : VmScenario
{
    /// <inheritdoc/>
    public override string Name => "walk-vs-memslot-delete";

    /// <inheritdoc/>
    public override string Summary => "the hardware walks an empty table that deleting a memslot frees without a flush";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch(
        Expectation.Violated(V3, "LA3-2", MmuInvariants.NoTableUseAfterFree),
        Expectation.Violated(V20, "LA20-5", MmuInvariants.NoTableUseAfterFree),
        Expectation.Violated(Merged, "LA-U2", MmuInvariants.NoTableUseAfterFree));

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

        vm.AddMemslotManager(vm.IsFreeRunning ? [.. vm.Deletions(), .. vm.Creations()] : vm.Deletions());
        vm.Check(new NoStaleTlb(), new TableAccounting());
    }
}
