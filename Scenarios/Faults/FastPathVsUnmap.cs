using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A write to a page that is mapped and old takes the fast path while the host unmaps it: the page must not be touched after mmu_lock without a reference (LA20-2, LA3-7).</summary>
public sealed class FastPathVsUnmap : VmScenario
{
    /// <inheritdoc/>
    public override string Name => "fast-path-vs-unmap";

    /// <inheritdoc/>
    public override string Summary => "the fast path marks a page accessed and dirty while the host frees it";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch(
        Expectation.Violated(V3, "LA3-7", NoPageUseAfterFree),
        Expectation.Violated(V20, "LA20-2", NoPageUseAfterFree));

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Lifetime { get; } = [NoPageUseAfterFree];

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1 };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        for (ulong i = 0; i < (ulong)vm.Pages; i++)
        {
            vm.Touch(vm.First + i);
        }

        vm.Mm.Age(stage.Machine.SetupCpu, HvaRange.OfPages(vm.First.Value, (ulong)vm.Pages), flush: true).GetResult();
        vm.FlushTlbs();
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Writes(FirstOf(vm, parameters, id), parameters.PagesPerVcpu));
        }

        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, (ulong)vm.Pages));
        }

        vm.Check(new NoStaleTlb(), new PageReferences());
    }
}
