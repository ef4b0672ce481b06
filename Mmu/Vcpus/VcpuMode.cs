namespace MmuStress.Mmu;

/// <summary>vcpu->mode: whether an interrupt is needed for the vCPU to see a request.</summary>
public enum VcpuMode
{
    /// <summary>OUTSIDE_GUEST_MODE: it looks at its requests before it enters the guest.</summary>
    OutsideGuestMode = 0,

    /// <summary>IN_GUEST_MODE: it is in the guest, or past the point where it looked.</summary>
    InGuestMode = 1,

    /// <summary>EXITING_GUEST_MODE: somebody has sent an interrupt already.</summary>
    ExitingGuestMode = 2,

    /// <summary>READING_SHADOW_PAGE_TABLES: it reads page tables without a lock, with interrupts off.</summary>
    ReadingShadowPageTables = 3,
}
