using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Actors;

/// <summary>A vCPU that notes its writes in a ring: when the ring is full its own thread reaps, in user space, and enters the guest again.</summary>
/// <remarks>Mirrors: KVM_EXIT_DIRTY_RING_FULL in kvm_cpu_exec(), accel/kvm/kvm-all.c of QEMU.</remarks>
/// <param name="name">What people call it.</param>
/// <param name="vcpu">The vCPU.</param>
/// <param name="reaper">What it does when its ring is full.</param>
public sealed class RingVcpuActor(string name, Vcpu vcpu, DirtyRingReaper reaper) : Actor(name)
{
    /// <inheritdoc/>
    public override bool IsInterchangeable => true;

    /// <inheritdoc/>
    public override async Coroutine Receive(Cpu cpu, Message message)
    {
        if (message is not GuestWrites write)
        {
            throw new ArgumentException($"a vCPU with a dirty ring knows no {message}", nameof(message));
        }

        while ((await vcpu.GuestWrite(cpu, write.Gfn.Gpa, write.Value)).Exit == GuestExit.DirtyRingFull)
        {
            await reaper.Reap(cpu);
        }
    }
}
