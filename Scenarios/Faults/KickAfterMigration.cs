using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A vCPU thread is moved, and then the host unmaps what the guest has in its TLB there: the flush must interrupt the CPU where the vCPU is by now.</summary>
/// <remarks>
/// Under a weak memory model it is violated on every MMU (LA-U6): kvm_pre_enter_guest() has a full barrier after vcpu->mode is written, then
/// kvm_check_vpid() writes vcpu->cpu, and nothing orders that before the look at the requests. The CPU that flushes may see the mode and the
/// old CPU, and interrupts that one. What it is good for: vcpu->cpu is written at every entry on another CPU; mutate finds nothing else that needs it.
/// </remarks>
public sealed class KickAfterMigration : VmScenario
{
    private static readonly Message[] Guest = [new GuestReads(new Gfn(1))];
    private static readonly Message[] Scheduler = [new MigratesVcpu(1)];

    /// <inheritdoc/>
    public override string Name => "kick-after-migration";

    /// <inheritdoc/>
    public override string Summary => "a vCPU is moved to another CPU, and must be interrupted there when the host unmaps";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch(
        MovedUnseen(V3),
        MovedUnseen(V20),
        MovedUnseen(Merged),
        MovedUnseen(Mended));

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { MayMigrate = true };

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
            vm.AddVcpu(id, Guest);
        }

        stage.Add(new SchedulerActor(Names.Scheduler(0, parameters.Vcpus), vm.Kvm.Vcpus[0]), Scheduler);
        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, 1));
        }

        vm.Check(new NoStaleTlb());
    }

    private static Expectation MovedUnseen(string mmu) => Expectation.Violated(mmu, "LA-U6", NoPageUseAfterFree, nameof(NoStaleTlb)).Under("tso", "lkmm");
}
