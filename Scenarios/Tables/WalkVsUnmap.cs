using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>Hardware walks a page table while a notification for a whole table zaps it: the table must not be freed under the walker (LA20-4, LA20-6, LA3-2).</summary>
public sealed class WalkVsUnmap : VmScenario
{
    /// <inheritdoc/>
    public override string Name => "walk-vs-unmap";

    /// <inheritdoc/>
    public override string Summary => "the hardware walks a table that a notification frees";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch(
        Expectation.Violated(V3, "LA3-2", MmuInvariants.NoTableUseAfterFree),
        Expectation.Violated(V20, "LA20-4", MmuInvariants.NoTableUseAfterFree));

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Lifetime { get; } = [MmuInvariants.NoTableUseAfterFree, PageTableWalker.NoWildTranslation];

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { Base = 4, Kvm = new KvmParameters { EntriesPerTable = 4, RetriesBeforeSchedule = 0 } };

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, BytesPerVcpu = 4 * ScenarioParameters.PageSize };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        for (ulong i = 0; i < (ulong)vm.Pages; i++)
        {
            vm.Touch(vm.First + i);
        }

        vm.FlushTlbs();
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
