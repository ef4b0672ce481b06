using MmuStress.Actors;

namespace MmuStress.Scenarios;

/// <summary>A vCPU faults under mmu_lock held for read while the host unmaps the page, and the table with it, under mmu_lock held for write.</summary>
public sealed class ParallelFaultVsUnmap : Arm64Scenario
{
    /// <inheritdoc/>
    public override string Name => "parallel-fault-vs-unmap";

    /// <inheritdoc/>
    public override string Summary => "a fault under mmu_lock for read meets an unmap that frees the table";

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1 };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        vm.Touch(vm.First);
        vm.FlushTlbs();
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
