namespace MmuStress.Mmu;

/// <content>Flushing one address.</content>
public sealed partial class Vcpu
{
    /// <summary>kvm_flush_tlb_gpa at once: drops the address from the TLB of whatever physical CPU the thread is on by now.</summary>
    /// <remarks>
    /// Mirrors: kvm_flush_tlb_gpa(), arch/loongarch/kvm/tlb.c, as posted: preempt_disable(); invtlb with the GID that CSR.GSTAT holds on that CPU, which is
    /// another guest's where another one entered there last; preempt_enable().
    /// </remarks>
    /// <param name="gpa">The address; both pages of its even-odd pair are dropped.</param>
    /// <returns>When it is dropped.</returns>
    public Coroutine FlushTlbGpa(Cpu cpu, Gpa gpa)
    {
        if (MayMigrate || hostCpu.IsShared)
        {
            return FlushTlbGpaWhereItRuns(cpu, gpa);
        }

        FlushTlbGpaHere(gpa);
        return Coroutine.Completed;
    }

    private async Coroutine FlushTlbGpaWhereItRuns(Cpu cpu, Gpa gpa)
    {
        await DisablePreemption(cpu);
        FlushTlbGpaHere(gpa);
        await EnablePreemption(cpu);
    }

    private void FlushTlbGpaHere(Gpa gpa)
    {
        Gfn even = new(gpa.Gfn.Value & ~1UL);
        hostCpu.Tlb.Flush(hostCpu.GuestTag, even);
        hostCpu.Tlb.Flush(hostCpu.GuestTag, even.Next);
    }
}
