using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A fault that needs a table on every one of four levels: the vCPU's cache must hold them all before mmu_lock is taken (LA3-9).</summary>
public sealed class DeepTable : VmScenario
{
    /// <inheritdoc/>
    public override string Name => "deep-table";

    /// <inheritdoc/>
    public override string Summary => "faults fill page tables of four levels from their vCPU's cache";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch(Expectation.Violated(V3, "LA3-9", MachineInvariants.CacheUnderrun).AfterPreemptions(0));

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Notifiers = 0 };

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { Kvm = new KvmParameters { Levels = 4, EntriesPerTable = 4, RetriesBeforeSchedule = 0 } };

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

        vm.Check(new NoStaleMapping(), new TableAccounting());
        vm.DestroyAtEnd();
    }
}
