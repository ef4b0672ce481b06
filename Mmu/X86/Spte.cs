namespace MmuStress.Mmu;

/// <summary>What is in a shadow page-table entry: EPT's bits and KVM's own.</summary>
/// <remarks>
/// Mirrors: arch/x86/kvm/mmu/spte.h and spte.c (v6.9), EPT without A/D bits: an entry that is tracked for accesses has lost its R, W and X.
/// Differs: no memory types, no execute permission of its own, no MMIO entries.
/// </remarks>
internal static class Spte
{
    /// <summary>SHADOW_NONPRESENT_VALUE.</summary>
    public const ulong NonPresent = 0;

    /// <summary>REMOVED_SPTE: not present, and nobody but who wrote it may change it.</summary>
    public const ulong Removed = 0x5a0;

    /// <summary>PT_WRITABLE_MASK.</summary>
    public const ulong Writable = 1 << 1;

    /// <summary>shadow_host_writable_mask: the host maps the page writable.</summary>
    public const ulong HostWritable = 1UL << 57;

    /// <summary>shadow_mmu_writable_mask: W may be set without mmu_lock.</summary>
    public const ulong MmuWritable = 1UL << 58;

    private const ulong Readable = 1 << 0;
    private const ulong Executable = 1 << 2;
    private const ulong AccTrackMask = Readable | Writable | Executable; // shadow_acc_track_mask
    private const ulong AccTrackSavedBits = Readable | Executable; // SHADOW_ACC_TRACK_SAVED_BITS_MASK
    private const int AccTrackSavedShift = 54;
    private const ulong MmuPresent = 1 << 11; // SPTE_MMU_PRESENT_MASK
    private const int PfnShift = 12;
    private const ulong PfnMask = (1UL << 40) - 1;

    /// <summary>is_shadow_present_pte().</summary>
    /// <param name="spte">An entry.</param>
    /// <returns>Whether it leads anywhere.</returns>
    public static bool IsShadowPresent(ulong spte) => (spte & MmuPresent) != 0;

    /// <summary>is_removed_spte().</summary>
    /// <param name="spte">An entry.</param>
    /// <returns>Whether somebody has frozen it.</returns>
    public static bool IsRemoved(ulong spte) => spte == Removed;

    /// <summary>is_writable_pte(), and is_dirty_spte() without D bits.</summary>
    /// <param name="spte">An entry.</param>
    /// <returns>Whether hardware lets writes through.</returns>
    public static bool IsWritable(ulong spte) => (spte & Writable) != 0;

    /// <summary>is_mmu_writable_spte().</summary>
    /// <param name="spte">An entry.</param>
    /// <returns>Whether W may be set without mmu_lock.</returns>
    public static bool IsMmuWritable(ulong spte) => (spte & MmuWritable) != 0;

    /// <summary>is_access_track_spte().</summary>
    /// <param name="spte">An entry that is present.</param>
    /// <returns>Whether hardware refuses every access, so that the next one is noticed.</returns>
    public static bool IsAccessTrack(ulong spte) => (spte & AccTrackMask) == 0;

    /// <summary>is_accessed_spte() without A bits.</summary>
    /// <param name="spte">An entry that is present.</param>
    /// <returns>Whether it counts as accessed.</returns>
    public static bool IsAccessed(ulong spte) => !IsAccessTrack(spte);

    /// <summary>spte_has_volatile_bits() without A/D bits: whether the fast path may change it at any time.</summary>
    /// <param name="spte">An entry that is present.</param>
    /// <returns>True when it may.</returns>
    public static bool HasVolatileBits(ulong spte) => (!IsWritable(spte) && IsMmuWritable(spte)) || IsAccessTrack(spte);

    /// <summary>spte_to_pfn().</summary>
    /// <param name="spte">An entry.</param>
    /// <returns>The page, or the table.</returns>
    public static ulong ToPfn(ulong spte) => (spte >> PfnShift) & PfnMask;

    /// <summary>The entry part of make_spte(): a page.</summary>
    /// <param name="pfn">The page.</param>
    /// <param name="hostWritable">Whether the host maps it writable.</param>
    /// <returns>The entry, writable where the host's is.</returns>
    public static ulong Make(Pfn pfn, bool hostWritable) =>
        MmuPresent | Readable | Executable | (pfn.Value << PfnShift) | (hostWritable ? HostWritable | Writable | MmuWritable : 0);

    /// <summary>make_nonleaf_spte(): a table.</summary>
    /// <param name="child">The table.</param>
    /// <returns>The entry.</returns>
    public static ulong MakeNonleaf(Page child) => MmuPresent | AccTrackMask | (child.FrameNumber << PfnShift);

    /// <summary>mark_spte_for_access_track().</summary>
    /// <param name="spte">An entry.</param>
    /// <returns>The same without R, W and X; R and X are kept elsewhere in it, and W is what <see cref="MmuWritable"/> says.</returns>
    public static ulong MarkForAccessTrack(ulong spte) =>
        IsAccessTrack(spte) ? spte : (spte | ((spte & AccTrackSavedBits) << AccTrackSavedShift)) & ~AccTrackMask;

    /// <summary>restore_acc_track_spte().</summary>
    /// <param name="spte">An entry that is tracked for accesses.</param>
    /// <returns>The same with R and X again.</returns>
    public static ulong RestoreAccTrack(ulong spte) =>
        (spte & ~(AccTrackSavedBits << AccTrackSavedShift)) | ((spte >> AccTrackSavedShift) & AccTrackSavedBits);
}
