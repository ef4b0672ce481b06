using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>User space writes other pages into the entries before it gives them back, as it can: KVM must look at what it read, and never act on a page outside the memslot.</summary>
/// <param name="isBefore">Whether the sum of offset and mask may wrap around, as before 577a8d3bae05.</param>
public sealed class DirtyRingWrap(bool isBefore = false) : DirtyRingScenario(
    isBefore ? Before("577a8d3bae05", nameof(ResetWithinSlot)).AfterPreemptions(0) : null)
{
    private readonly bool isBefore = isBefore;
    private static readonly Message[] Reaps = [new ReapsDirtyRings()];

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, Notifiers = 0, BytesPerVcpu = 2 * ScenarioParameters.PageSize };

    /// <inheritdoc/>
    protected override string BaseName => "dirty-ring-wrap";

    /// <inheritdoc/>
    protected override string Happens => "user space writes other pages into the entries of a dirty ring before they are reset";

    /// <inheritdoc/>
    protected override bool IsHonest => false;

    /// <inheritdoc/>
    protected override DirtyRing NewRing(Vm vm, int id) =>
        isBefore ? new DirtyRingWithWrap(vm.Kvm.Machine, id, Size, Reserved) : base.NewRing(vm, id);

    /// <inheritdoc/>
    protected override CheckedReaper NewReaper(Vm vm, DirtyLogComplete checker) => new RewritingReaper(vm, checker);

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, DirtyRingReaper reaper, ScenarioParameters parameters)
    {
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            stage.Add(new RingVcpuActor(Names.Vcpu(id), vm.Kvm.Vcpus[id], reaper), Scripts.Writes(FirstOf(vm, parameters, id), parameters.PagesPerVcpu));
        }

        stage.Add(new DirtyRingActor("reaper", reaper), Reaps);
    }

    // One page before the memslot, then its first, in turns; a page that is not protected again is no business of the kernel's.
    private sealed class RewritingReaper(Vm vm, DirtyLogComplete checker) : CheckedReaper(vm, checker)
    {
        protected override async Coroutine BeforeGivingBack(Cpu cpu, DirtyRing ring, ulong n) =>
            await cpu.WriteOnce(ring.Offset(n), n % 2 == 0 ? ulong.MaxValue : 0);
    }
}
