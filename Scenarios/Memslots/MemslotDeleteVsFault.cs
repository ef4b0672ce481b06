using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A memslot is deleted and created again under vCPUs that fault in it: no mapping outlives the memslot, no fault uses a freed one (I8).</summary>
public sealed class MemslotDeleteVsFault : VmScenario
{
    /// <inheritdoc/>
    public override string Name => "memslot-delete-vs-fault";

    /// <inheritdoc/>
    public override string Summary => "a memslot is deleted and created again while vCPUs fault in it";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch();

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Lifetime { get; } = [MmuInvariants.NoTableLeak];

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Writes(FirstOf(vm, parameters, id), parameters.PagesPerVcpu));
        }

        vm.AddMemslotManager([.. vm.Deletions(), .. vm.Creations()]);
        vm.Check(new NoMappingWithoutSlot(), new NoStaleTlb(), new TableAccounting());
        vm.DestroyAtEnd();
    }
}
