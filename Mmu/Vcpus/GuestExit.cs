namespace MmuStress.Mmu;

/// <summary>How an access by the guest ended.</summary>
public enum GuestExit
{
    /// <summary>It was done.</summary>
    None,

    /// <summary>It faulted, and KVM's MMU must look.</summary>
    MmFault,

    /// <summary>KVM's MMU has no answer: emulated as MMIO, or an error for user space.</summary>
    Mmio,

    /// <summary>KVM_EXIT_DIRTY_RING_FULL: user space must take entries out of the dirty ring and have it reset.</summary>
    DirtyRingFull,
}
