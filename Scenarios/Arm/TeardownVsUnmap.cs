using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>The page table is freed while a notification looks whether there is one: kvm_free_stage2_pgd() takes no lock, and clears the pointer last (A12-8, A14-5).</summary>
/// <remarks>In the kernels of the postings the notifier was unregistered before, so that the race lay dormant; here it is awake.</remarks>
public sealed class TeardownVsUnmap : VmScenario
{
    /// <inheritdoc/>
    public override string Name => "teardown-vs-unmap";

    /// <inheritdoc/>
    public override string Summary => "the page table is freed while a notification walks it";

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
        stage.Add(new PageTableTeardown(vm.Kvm), PageTableTeardown.Script);
        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, (ulong)vm.Pages));
        }

        vm.Check(new NotifierBalance());
    }
}
