using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>Notifications without end while vCPUs fault: under a fair schedule every fault completes (I12).</summary>
public sealed class RetryStorm : VmScenario
{
    /// <inheritdoc/>
    public override string Name => "retry-storm";

    /// <inheritdoc/>
    public override string Summary => "faults retry while notifications come one after another";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch(Expectation.Violated(V20, "LA20-1", nameof(NoStaleMapping)));

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Writes(FirstOf(vm, parameters, id), parameters.PagesPerVcpu));
        }

        Message unmap = Scripts.Unmaps(vm.First.Value, (ulong)vm.Pages)[0];
        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), unmap, unmap, unmap);
        }

        vm.Check(new NoStaleMapping(), new NotifierBalance());
    }
}
