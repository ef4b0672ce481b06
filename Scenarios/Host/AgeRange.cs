using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>The host ages, then unmaps, one page of two: the walk must end before the other (LA3-1).</summary>
public sealed class AgeRange : VmScenario
{
    private static readonly Message[] Ages = [new AgesPages(1, 1, Flush: false), new TestsPage(1), new AgesPages(1, 1, Flush: true), new UnmapsPages(1, 1)];

    /// <inheritdoc/>
    public override string Name => "age-range";

    /// <inheritdoc/>
    public override string Summary => "the host ages and unmaps one page of two";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch(Expectation.Violated(V3, "LA3-1", nameof(Precision)).AfterPreemptions(0));

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, BytesPerVcpu = 2 * ScenarioParameters.PageSize };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        for (ulong i = 0; i < (ulong)vm.Pages; i++)
        {
            vm.Touch(vm.First + i);
        }

        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Reads(vm.First, vm.Pages));
        }

        HostMemoryActor host = vm.AddHost("reclaim", Ages);
        vm.Check(new Precision(host));
    }
}
