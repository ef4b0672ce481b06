using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>The page table is freed under a guest that runs: update_vttbr() takes no lock against that, and relies on vCPUs' holding their VM (A14-7).</summary>
/// <remarks>In the kernels of the postings a vCPU's file holds a reference on its VM, so that the race lay dormant; here it is awake.</remarks>
public sealed class TeardownVsGuest : VmScenario
{
    /// <inheritdoc/>
    public override string Name => "teardown-vs-guest";

    /// <inheritdoc/>
    public override string Summary => "the page table is freed while a vCPU enters the guest with it";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations => [];

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Lifetime { get; } = [MmuInvariants.NoTableUseAfterFree, PageTableWalker.NoWildTranslation];

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { Base = 4, Kvm = new KvmParameters { EntriesPerTable = 4, RetriesBeforeSchedule = 0 } };

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1 };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        vm.Touch(vm.First);
        vm.FlushTlbs();
        stage.Add(new PageTableTeardown(vm.Kvm), PageTableTeardown.Script);
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Reads(vm.First, 1));
        }

        vm.Check(new NotifierBalance());
    }
}
