namespace MmuStress.Mmu;

/// <summary>The bits of a LoongArch page-table entry.</summary>
/// <remarks>Mirrors: arch/loongarch/include/asm/pgtable-bits.h (v6.6).</remarks>
internal static class LoongArchPteBits
{
    /// <summary>_PAGE_VALID, which LoongArch reuses as _PAGE_ACCESSED: hardware refuses an old entry.</summary>
    public const ulong Accessed = 1UL << 0;

    /// <summary>_PAGE_DIRTY: hardware lets writes through.</summary>
    public const ulong Dirty = 1UL << 1;

    /// <summary>_CACHE_CC.</summary>
    public const ulong CacheCoherent = 1UL << 4;

    /// <summary>_CACHE_SUC is 0.</summary>
    public const ulong CacheUncached = 0;

    /// <summary>_PAGE_PRESENT: software's.</summary>
    public const ulong Present = 1UL << 7;

    /// <summary>_PAGE_WRITE: software's.</summary>
    public const ulong Write = 1UL << 8;

    /// <summary>_PAGE_MODIFIED: software's.</summary>
    public const ulong Modified = 1UL << 9;

    /// <summary>__READABLE.</summary>
    public const ulong Readable = Accessed;

    /// <summary>__WRITEABLE.</summary>
    public const ulong Writeable = Dirty | Write;

    /// <summary>PFN_PTE_SHIFT.</summary>
    // A bit that is software's on this architecture; it stands for the one by which hardware tells private memory.
    public const ulong Private = 1UL << 10;

    public const int PfnShift = 12;
}
