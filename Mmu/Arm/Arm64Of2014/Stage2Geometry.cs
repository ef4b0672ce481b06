using System.Numerics;

namespace MmuStress.Mmu;

/// <summary>Which levels a stage-2 table has, and how its top is allocated, by page size, kernel addresses and guest addresses.</summary>
/// <remarks>
/// Mirrors: KVM_PHYS_SHIFT, PTRS_PER_S2_PGD_SHIFT, S2_PGD_ORDER, KVM_PREALLOC_LEVEL, KVM_MMU_CACHE_MIN_PAGES,
/// arch/arm64/include/asm/kvm_mmu.h as of "arm64: KVM: Implement 48 VA support for KVM EL2 and Stage-2" (October 2014); PGDIR_SHIFT and
/// CONFIG_ARM64_PGTABLE_LEVELS, arch/arm64 (v3.18).
/// Differs: all of it is chosen at run time; guest addresses may have other widths than 40 bits, where the macros still make sense; and a table may
/// have fewer entries than a page holds, so that a small scope has small tables.
/// </remarks>
public sealed record Stage2Geometry
{
    private const int MostConcatenated = 16;

    private Stage2Geometry(int stride, int levels, int frameBits, int cacheMinPages)
    {
        Stride = stride;
        Levels = levels;
        FrameBits = frameBits;
        CacheMinPages = cacheMinPages;
        int pgdirFrameBits = stride * (levels - 1);
        PtrsPerS2PgdShift = Math.Max(0, frameBits - pgdirFrameBits);
        PreallocLevel = PtrsPerS2Pgd <= MostConcatenated ? 4 - levels + 1 : 0;
        S2PgdOrder = Math.Max(0, PtrsPerS2PgdShift - stride);
    }

    /// <summary>The logarithm of a table's entries: PAGE_SHIFT - 3.</summary>
    public int Stride { get; }

    /// <summary>CONFIG_ARM64_PGTABLE_LEVELS: the levels of the kernel's own tables.</summary>
    public int Levels { get; }

    /// <summary>KVM_PHYS_SHIFT - PAGE_SHIFT: the width of a guest frame number.</summary>
    public int FrameBits { get; }

    /// <summary>KVM_MMU_CACHE_MIN_PAGES.</summary>
    public int CacheMinPages { get; }

    /// <summary>PTRS_PER_S2_PGD_SHIFT.</summary>
    public int PtrsPerS2PgdShift { get; }

    /// <summary>PTRS_PER_S2_PGD: how many entries the pgd, real or fake, has.</summary>
    public int PtrsPerS2Pgd => 1 << PtrsPerS2PgdShift;

    /// <summary>KVM_PREALLOC_LEVEL: 0 where the pgd is the hardware's; else it is fake, and the tables below it, puds (1) or pmds (2), are the hardware's.</summary>
    public int PreallocLevel { get; }

    /// <summary>S2_PGD_ORDER: the logarithm of how many pages a real pgd has.</summary>
    public int S2PgdOrder { get; }

    /// <summary>How many levels the hardware walks: one less than the kernel where the pgd is fake.</summary>
    public int HardwareLevels => PreallocLevel > 0 ? Levels - 1 : Levels;

    /// <summary>How many tables the hardware begins with, one after the other.</summary>
    public int ConcatenatedTables => PreallocLevel > 0 ? PtrsPerS2Pgd : 1 << S2PgdOrder;

    /// <summary>What the hardware walks.</summary>
    public PageTableGeometry Hardware => new(HardwareLevels, 1 << Stride, ConcatenatedTables);

    /// <summary>The geometry of a kernel.</summary>
    /// <param name="pageSize">Bytes: 4096 or 65536.</param>
    /// <param name="vaBits">CONFIG_ARM64_VA_BITS: 39 or 48 with small pages, 42 or 48 with large ones.</param>
    /// <param name="physBits">KVM_PHYS_SHIFT: the width of guest physical addresses, 32 to 48 (40 in the posting).</param>
    /// <returns>The geometry.</returns>
    /// <exception cref="ArgumentException">The patch, or the hardware, does not allow it.</exception>
    public static Stage2Geometry Of(int pageSize, int vaBits, int physBits)
    {
        bool isLarge = pageSize == 65536;
        if (!isLarge && pageSize != 4096)
        {
            throw new ArgumentException($"pages of {pageSize} bytes are not supported: 4096 or 65536", nameof(pageSize));
        }

        int levels = (isLarge, vaBits) switch
        {
            (false, 39) => 3,
            (false, 48) => 4,
            (true, 42) => 2,
            (true, 48) => 3,
            _ => throw new ArgumentException($"{vaBits} bits of virtual address do not go with pages of {pageSize} bytes: {(isLarge ? "42" : "39")} or 48", nameof(vaBits)),
        };

        if (physBits is < 32 or > 48)
        {
            throw new ArgumentException($"guest addresses of {physBits} bits are not supported: 32 to 48", nameof(physBits));
        }

        int pageShift = BitOperations.Log2((uint)pageSize);
        return Checked(new Stage2Geometry(pageShift - 3, levels, physBits - pageShift, isLarge ? 1 : 2));
    }

    /// <summary>A geometry with tables of any size: a kernel with one level more than the hardware walks, and a fake pgd.</summary>
    /// <param name="hardwareLevels">How many levels the hardware walks: 2 or 3.</param>
    /// <param name="entriesPerTable">How many entries a table has, a power of 2.</param>
    /// <param name="rootTables">How many tables the hardware begins with, a power of 2 up to 16.</param>
    /// <returns>The geometry.</returns>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static Stage2Geometry Scaled(int hardwareLevels, int entriesPerTable, int rootTables = 1)
    {
        int stride = BitOperations.Log2((uint)entriesPerTable);
        return Checked(new Stage2Geometry(stride, hardwareLevels + 1, (hardwareLevels * stride) + BitOperations.Log2((uint)rootTables), cacheMinPages: 2));
    }

    /// <summary>The same with twice as many tables to begin with.</summary>
    /// <returns>The geometry.</returns>
    /// <exception cref="ArgumentException">There are 16 already.</exception>
    public Stage2Geometry Twice() => Checked(new Stage2Geometry(Stride, Levels, FrameBits + 1, CacheMinPages));

    private static Stage2Geometry Checked(Stage2Geometry geometry)
    {
        if (geometry.PreallocLevel > 2)
        {
            throw new ArgumentException(
                $"{geometry.Levels} levels and {geometry.PtrsPerS2Pgd} pgd entries make KVM_PREALLOC_LEVEL {geometry.PreallocLevel}, which the patch does not know", nameof(geometry));
        }

        if (geometry.ConcatenatedTables > MostConcatenated)
        {
            throw new ArgumentException($"{geometry.ConcatenatedTables} tables would have to be concatenated; the architecture allows {MostConcatenated}", nameof(geometry));
        }

        return geometry;
    }
}
