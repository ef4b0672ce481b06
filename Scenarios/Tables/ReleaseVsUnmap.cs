using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>The address space goes away while another thread still unmaps in it: kvm_arch_flush_shadow_all() frees tables and must take mmu_lock (LA20-7, LA3-3, LA-U1).</summary>
public sealed class ReleaseVsUnmap : VmScenario
{
    private static readonly Message[] Release = [new ReleasesNotifier()];

    /// <inheritdoc/>
    public override string Name => "release-vs-unmap";

    /// <inheritdoc/>
    public override string Summary => "two threads tear the page table down: release and a notification, or two releases";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch(
        Expectation.Violated(V3, "LA3-3", MmuInvariants.NoTableUseAfterFree, MachineInvariants.NoDataRace).AfterPreemptions(0),
        Expectation.Violated(V20, "LA20-7", MmuInvariants.NoTableUseAfterFree, MachineInvariants.NoDataRace).AfterPreemptions(0),
        Expectation.Violated(Merged, "LA-U1", MmuInvariants.NoTableUseAfterFree, MachineInvariants.NoDataRace).AfterPreemptions(0));

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

        vm.AddHost("exit_mm", Release);
        vm.AddHost("last close", Release);
        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, (ulong)vm.Pages));
        }

        vm.Check(new TableAccounting(), new NotifierBalance());
    }
}
