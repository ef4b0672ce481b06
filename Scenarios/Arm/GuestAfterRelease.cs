using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>The address space goes away under a guest that runs: kvm_arch_flush_shadow_all() must leave it nothing to reach freed pages by (A12-9).</summary>
public sealed class GuestAfterRelease : VmScenario
{
    private static readonly Message[] Exit = [new ReleasesMemory()];

    /// <inheritdoc/>
    public override string Name => "guest-after-release";

    /// <inheritdoc/>
    public override string Summary => "the address space goes away under a guest that runs";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations => [];

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Lifetime { get; } = [NoPageUseAfterFree];

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1 };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        vm.Touch(vm.First);
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Reads(vm.First, vm.Pages));
        }

        vm.AddHost("exit_mm", Exit);
        vm.Check(new NotifierBalance());
    }
}
