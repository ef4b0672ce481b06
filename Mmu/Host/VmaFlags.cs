namespace MmuStress.Mmu;

/// <summary>vm_flags, as far as KVM looks at them.</summary>
[Flags]
public enum VmaFlags
{
    /// <summary>Nothing is allowed.</summary>
    None = 0,

    /// <summary>VM_WRITE: may be written.</summary>
    Write = 1,

    /// <summary>VM_IO: device memory.</summary>
    Io = 2,

    /// <summary>VM_PFNMAP: mapped by frame number only.</summary>
    PfnMap = 4,

    /// <summary>Neither VM_READ nor VM_WRITE: PROT_NONE.</summary>
    NoAccess = 8,
}
