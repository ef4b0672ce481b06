namespace MmuStress.Mmu;

/// <summary>Why hardware refused an access: ESR_EL2.FSC, for architectures that say.</summary>
public enum FaultStatus
{
    /// <summary>ESR_ELx_FSC_FAULT: no entry was found.</summary>
    Translation,

    /// <summary>ESR_ELx_FSC_ACCESS: the entry is old.</summary>
    AccessFlag,

    /// <summary>ESR_ELx_FSC_PERM: the entry, or the TLB's, does not allow the access.</summary>
    Permission,
}
