using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A vCPU thread is moved between handling a fault and flushing its TLB entry, and back: the flush must not go to another CPU (LA20-14).</summary>
public sealed class VcpuMigrates : VmScenario
{
    private static readonly Message[] Guest = [new GuestReads(new Gfn(1)), new GuestWrites(new Gfn(1), 42)];

    /// <inheritdoc/>
    public override string Name => "vcpu-migrates";

    /// <inheritdoc/>
    public override string Summary => "a vCPU thread is preempted and moved between a fault and the flush of its TLB entry";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch(
        Expectation.Violated(V3, "LA20-14", nameof(NoStaleTlb)).AfterPreemptions(3),
        Expectation.Violated(V20, "LA20-14", nameof(NoStaleTlb)).AfterPreemptions(3));

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { MayMigrate = true };

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1 };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Guest);
        }

        for (int id = 0; id < parameters.Vcpus; id++)
        {
            var there = new MigratesVcpu(parameters.Vcpus + id);
            var back = new MigratesVcpu(id);
            stage.Add(new SchedulerActor(Names.Scheduler(id, parameters.Vcpus), vm.Kvm.Vcpus[id]), there, back, there, back);
        }

        vm.Check(new NoStaleTlb());
    }
}
