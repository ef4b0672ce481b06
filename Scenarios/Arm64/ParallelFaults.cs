using MmuStress.Actors;

namespace MmuStress.Scenarios;

/// <summary>vCPUs write the same pages at the same time, under mmu_lock held for read: one links the table and one sets the entry, and who loses a race has its guest fault again.</summary>
/// <remarks>Mirrors: "KVM: arm64: Handle stage-2 faults in parallel", November 2022.</remarks>
public sealed class ParallelFaults : Arm64Scenario
{
    /// <inheritdoc/>
    public override string Name => "parallel-faults";

    /// <inheritdoc/>
    public override string Summary => "vCPUs fault on the same pages, and need the same new table, under mmu_lock for read";

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Notifiers = 0 };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Writes(FirstOf(vm, parameters, id), parameters.PagesPerVcpu));
        }

        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, (ulong)vm.Pages));
        }

        CheckTables(vm);
    }
}
