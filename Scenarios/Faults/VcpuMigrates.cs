using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A vCPU thread is moved between handling a fault and flushing its TLB entry, and back: the flush must not go to another CPU (LA20-14).</summary>
public sealed class VcpuMigrates : VmScenario
{
    private static readonly Message[] Guest = [new GuestReads(new Gfn(1)), new GuestWrites(new Gfn(1), 42)];
    private static readonly Message[] Moves = [new MigratesVcpu(1), new MigratesVcpu(0), new MigratesVcpu(1), new MigratesVcpu(0)];

    /// <inheritdoc/>
    public override string Name => "vcpu-migrates";

    /// <inheritdoc/>
    public override string Summary => "a vCPU thread is preempted and moved between a fault and the flush of its TLB entry";

    /// <inheritdoc/>
    public override IReadOnlyList<Expectation> Expectations { get; } = OnLoongArch(
        Expectation.Violated(V3, "LA20-14", nameof(NoStaleTlb)),
        Expectation.Violated(V20, "LA20-14", nameof(NoStaleTlb)));

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { MayMigrate = true };

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1 };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        vm.AddVcpu(0, Guest);
        stage.Add(new SchedulerActor("scheduler", vm.Kvm.Vcpus[0]), Moves);
        vm.Check(new NoStaleTlb());
    }
}
