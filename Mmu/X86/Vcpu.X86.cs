namespace MmuStress.Mmu;

/// <content>What x86's MMU keeps of a vCPU. Its thread only.</content>
public sealed partial class Vcpu
{
    /// <summary>vcpu->arch.mmu->root; null for INVALID_PAGE.</summary>
    internal KvmMmuPage? MmuRoot { get; set; }

    /// <summary>Whether it ever had one.</summary>
    internal bool HasLoadedMmu { get; set; }

    /// <summary>kvm_x86_call(flush_tlb_current): no translation of before is met after the next entry.</summary>
    internal void FlushTlbCurrent() => vpid = 0;
}
