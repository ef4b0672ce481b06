using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>munmap frees a VMA that a fault has looked up, and mmap makes another one there: the first must not be used after mmap_lock was given back (LA20-3, LA3-4).</summary>
public sealed class VmaVsFault : VmScenario
{
    /// <inheritdoc/>
    public override string Name => "vma-vs-fault";

    /// <inheritdoc/>
    public override string Summary => "munmap frees the VMA that a fault has looked up";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch(
        Expectation.Violated(V3, "LA3-4", NoVmaUseAfterFree),
        Expectation.Violated(V20, "LA20-3", NoVmaUseAfterFree));

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Lifetime { get; } = [NoVmaUseAfterFree];

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1 };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        HvaRange range = HvaRange.OfPages(vm.First.Value, (ulong)vm.Pages);
        vm.Mm.Munmap(stage.Machine.SetupCpu, range).GetResult();
        vm.Mm.Map(stage.Machine.SetupCpu, range).GetResult(); // a VMA of its own
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Faults(FirstOf(vm, parameters, id), parameters.PagesPerVcpu));
        }

        vm.AddHost("host", new MunmapsPages(vm.First.Value, (ulong)vm.Pages), new MapsPages(vm.First.Value, (ulong)vm.Pages));

        vm.Check();
    }
}
