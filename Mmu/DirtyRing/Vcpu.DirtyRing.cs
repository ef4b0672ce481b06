namespace MmuStress.Mmu;

/// <content>A vCPU that notes its writes in a ring.</content>
public sealed partial class Vcpu
{
    /// <summary>kvm_running_vcpu: the thread that is in KVM_RUN of this vCPU, while rings are used; null for none.</summary>
    internal Cpu? RunningOn { get; private set; }

    /// <summary>kvm_dirty_ring_check_request(): whether the vCPU must not enter the guest until its ring has been reset.</summary>
    /// <remarks>Mirrors: kvm_dirty_ring_check_request(), virt/kvm/dirty_ring.c (v6.16), as vcpu_enter_guest() calls it.</remarks>
    /// <returns>True to leave for user space with KVM_EXIT_DIRTY_RING_FULL.</returns>
    private async Coroutine<bool> DirtyRingCheckRequest(Cpu cpu)
    {
        if (await CheckRequest(cpu, DirtyRing.SoftFullRequest) && await Kvm.DirtyRings[Id].IsSoftFull(cpu))
        {
            await MakeRequest(cpu, DirtyRing.SoftFullRequest);
            cpu.Log($"KVM_EXIT_DIRTY_RING_FULL");
            return true;
        }

        return false;
    }
}
