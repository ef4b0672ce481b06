namespace MmuStress.Mmu;

/// <summary>What get_user_pages found for one address: a page with a reference taken, or nothing.</summary>
/// <remarks>Mirrors: the pair of kvm_pfn_t and *writable that hva_to_pfn() returns; nothing stands for KVM_PFN_ERR_FAULT.</remarks>
/// <param name="Frame">The page, on which the caller now holds a reference; null where the address has none or may not be written.</param>
/// <param name="Writable">Whether the host maps it writable.</param>
/// <param name="IsPrivate">Whether it is a page of private memory, which the host has poisoned.</param>
public readonly record struct UserPage(Frame? Frame, bool Writable, bool IsPrivate = false)
{
    /// <summary>Whether there is a page.</summary>
    public bool Ok => Frame is not null;

    /// <summary>Its number; 0 where there is none.</summary>
    public Pfn Pfn => Frame is null ? default : Frame.Pfn;
}
