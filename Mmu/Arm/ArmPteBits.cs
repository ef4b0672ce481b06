namespace MmuStress.Mmu;

/// <summary>The bits of a stage-2 entry in the long-descriptor format.</summary>
/// <remarks>Mirrors: arch/arm64/include/asm/pgtable-hwdef.h (v3.18); the same in arch/arm/include/asm/pgtable-3level-hwdef.h.</remarks>
internal static class ArmPteBits
{
    /// <summary>The entry is valid.</summary>
    public const ulong Valid = 1UL << 0;

    /// <summary>PTE_TYPE_PAGE, PMD_TYPE_TABLE: a table above the last level, a page on it; without the bit, a block above the last level.</summary>
    public const ulong TableOrPage = 1UL << 1;

    /// <summary>What a page's or a table's entry has.</summary>
    public const ulong TypeMask = Valid | TableOrPage;

    /// <summary>PTE_S2_RDONLY, L_PTE2_READ: the guest may read.</summary>
    public const ulong Read = 1UL << 6;

    /// <summary>L_PTE2_WRITE; with <see cref="Read"/>, PTE_S2_RDWR: the guest may write.</summary>
    public const ulong Write = 1UL << 7;

    /// <summary>PTE_AF: the access flag; hardware refuses an entry without it.</summary>
    public const ulong AccessFlag = 1UL << 10;

    /// <summary>MT_DEVICE: not a page of memory.</summary>
    public const ulong Device = 1UL << 2;

    /// <summary>PAGE_SHIFT.</summary>
    public const int PfnShift = 12;

    /// <summary>The frame number of a page or table.</summary>
    public const ulong PfnMask = ((1UL << 48) - 1) & ~((1UL << PfnShift) - 1);
}
