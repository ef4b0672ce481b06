using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A fault gives its reference on the page back while the host unmaps it: the page must not be marked accessed after that (LA3-6).</summary>
public sealed class AccessedAfterRelease : VmScenario
{
    /// <inheritdoc/>
    public override string Name => "accessed-after-release";

    /// <inheritdoc/>
    public override string Summary => "the slow path marks a page accessed after it gave its reference back";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch(Expectation.Violated(V3, "LA3-6", NoPageUseAfterFree));

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Lifetime { get; } = [NoPageUseAfterFree];

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1 };

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

        vm.Check();
    }
}
