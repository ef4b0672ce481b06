using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>Hardware walks into a table that a fault has just linked: its entries must be cleared before the link is seen (LA20-8, LA3-5).</summary>
/// <remarks>Mirrors: the race that commit 32d4b999dade, smp_wmb() in kvm_populate_gpa(), mends. Needs a memory model in which two writes can be seen in the other order.</remarks>
public sealed class WalkVsPopulate : VmScenario
{
    private static readonly string[] Weak = ["lkmm"];

    /// <inheritdoc/>
    public override string Name => "walk-vs-populate";

    /// <inheritdoc/>
    public override string Summary => "the hardware walks a table that a fault has just linked";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch(
        Expectation.Violated(V3, "LA3-5", PageTableWalker.NoWildTranslation).AfterPreemptions(0).Under(Weak),
        Expectation.Violated(V20, "LA20-8", PageTableWalker.NoWildTranslation).AfterPreemptions(0).Under(Weak));

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Lifetime { get; } = [MmuInvariants.NoTableUseAfterFree, PageTableWalker.NoWildTranslation];

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Notifiers = 0 };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Reads(vm.First, parameters.PagesPerVcpu));
        }

        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, (ulong)vm.Pages));
        }

        vm.Check(new TableAccounting());
    }
}
