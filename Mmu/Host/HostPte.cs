namespace MmuStress.Mmu;

/// <summary>An entry of the host's page table.</summary>
/// <remarks>
/// Mirrors: pte_t. Either nothing, or a mapping, or a migration entry, which says that the page is on its way, or a poison entry, which keeps a page
/// that nobody here may access, or a page that PROT_NONE keeps.
/// Differs: a huge mapping is one entry for each small page, all marked <see cref="IsHuge"/>.
/// </remarks>
/// <param name="Raw">How it is kept in memory.</param>
public readonly record struct HostPte(ulong Raw)
{
    private const ulong PresentBit = 1 << 0;
    private const ulong WritableBit = 1 << 1;
    private const ulong YoungBit = 1 << 2;
    private const ulong DirtyBit = 1 << 3;
    private const ulong HugeBit = 1 << 4;
    private const ulong MigrationBit = 1 << 5;
    private const ulong HwPoisonBit = 1 << 6;
    private const ulong ProtNoneBit = 1 << 7;
    private const int PfnShift = 12;

    /// <summary>pte_none: maps nothing.</summary>
    public static HostPte None => default;

    /// <summary>Whether it is nothing at all.</summary>
    public bool IsNone => Raw == 0;

    /// <summary>pte_present.</summary>
    public bool IsPresent => (Raw & PresentBit) != 0;

    /// <summary>pte_write.</summary>
    public bool IsWritable => (Raw & WritableBit) != 0;

    /// <summary>pte_young.</summary>
    public bool IsYoung => (Raw & YoungBit) != 0;

    /// <summary>pte_dirty.</summary>
    public bool IsDirty => (Raw & DirtyBit) != 0;

    /// <summary>Whether it is part of a huge mapping.</summary>
    public bool IsHuge => (Raw & HugeBit) != 0;

    /// <summary>is_migration_entry: whoever needs the page waits until its new place is known.</summary>
    public bool IsMigration => (Raw & MigrationBit) != 0;

    /// <summary>is_hwpoison_entry: whoever accesses the page gets SIGBUS.</summary>
    public bool IsHwPoison => (Raw & HwPoisonBit) != 0;

    /// <summary>pte_protnone: maps a page that the process may not access. Differs: it is not pte_present here.</summary>
    public bool IsProtNone => (Raw & ProtNoneBit) != 0;

    /// <summary>pte_pfn.</summary>
    public Pfn Pfn => new(Raw >> PfnShift);

    /// <summary>mk_pte: a young mapping of <paramref name="pfn"/>, read-only or writable and dirty.</summary>
    /// <returns>The entry.</returns>
    public static HostPte Of(Pfn pfn, bool writable) =>
        new((pfn.Value << PfnShift) | PresentBit | YoungBit | (writable ? WritableBit | DirtyBit : 0));

    /// <summary>make_migration_entry.</summary>
    /// <returns>The entry.</returns>
    public static HostPte MigrationOf(Pfn pfn) => new((pfn.Value << PfnShift) | MigrationBit);

    /// <summary>make_hwpoison_entry.</summary>
    /// <returns>The entry.</returns>
    public static HostPte HwPoisonOf(Pfn pfn) => new((pfn.Value << PfnShift) | HwPoisonBit);

    /// <summary>pte_mkwrite and pte_mkdirty.</summary>
    /// <returns>The entry.</returns>
    public HostPte MakeWritable() => new(Raw | WritableBit | DirtyBit | YoungBit);

    /// <summary>pte_wrprotect.</summary>
    /// <returns>The entry.</returns>
    public HostPte WriteProtect() => new(Raw & ~WritableBit);

    /// <summary>pte_modify, with PAGE_NONE.</summary>
    /// <returns>The entry.</returns>
    public HostPte MakeProtNone() => new((Raw & ~(PresentBit | WritableBit)) | ProtNoneBit);

    /// <summary>pte_modify, with what makes it accessible, and as writable as it was.</summary>
    /// <returns>The entry.</returns>
    public HostPte MakeAccessible() => new((Raw & ~ProtNoneBit) | PresentBit);

    /// <summary>pte_mkyoung.</summary>
    /// <returns>The entry.</returns>
    public HostPte MakeYoung() => new(Raw | YoungBit);

    /// <summary>pte_mkold.</summary>
    /// <returns>The entry.</returns>
    public HostPte MakeOld() => new(Raw & ~YoungBit);

    /// <summary>pte_mkdirty.</summary>
    /// <returns>The entry.</returns>
    public HostPte MakeDirty() => new(Raw | DirtyBit);

    /// <summary>pte_mkclean.</summary>
    /// <returns>The entry.</returns>
    public HostPte MakeClean() => new(Raw & ~DirtyBit);

    /// <summary>pte_mkhuge.</summary>
    /// <returns>The entry.</returns>
    public HostPte MakeHuge() => new(Raw | HugeBit);

    /// <summary>The entry as part of no huge mapping.</summary>
    /// <returns>The entry.</returns>
    public HostPte MakeSmall() => new(Raw & ~HugeBit);

    /// <summary>The entry, mapping another page.</summary>
    /// <returns>The entry.</returns>
    public HostPte WithPfn(Pfn pfn) => new((Raw & ((1UL << PfnShift) - 1)) | (pfn.Value << PfnShift));

    /// <inheritdoc/>
    public override string ToString() => IsPresent ? $"pfn {Pfn}{(IsWritable ? " rw" : " ro")}" : IsMigration ? $"migrating pfn {Pfn}" : IsHwPoison ? $"poisoned pfn {Pfn}" : IsProtNone ? $"pfn {Pfn} no access" : "none";
}
