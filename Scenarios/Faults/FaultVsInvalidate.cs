using MmuStress.Actors;

namespace MmuStress.Scenarios;

/// <summary>vCPUs fault pages in while the host unmaps and frees them: the retry check must be made under mmu_lock (LA20-1, interleaving A).</summary>
public sealed class FaultVsInvalidate : VmScenario
{
    /// <inheritdoc/>
    public override string Name => "fault-vs-invalidate";

    /// <inheritdoc/>
    public override string Summary => "vCPUs fault pages in while the host unmaps and frees them";

    /// <inheritdoc/>
    public override IReadOnlyList<string> CanLeaveOut { get; } = [Vm.PageTableLock];

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch(Expectation.Violated(V20, "LA20-1", nameof(NoStaleMapping)));

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Faults(FirstOf(vm, parameters, id), parameters.PagesPerVcpu));
        }

        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, (ulong)vm.Pages));
        }

        vm.Check(new NoStaleMapping());
    }
}
