using System.Numerics;

namespace MmuStress.Mmu;

/// <summary>How a guest frame number is cut into indices of the levels of a page table.</summary>
/// <remarks>
/// Mirrors: pgd_index(), pmd_index(), pte_index() and the sizes beside them; kvm->arch.pte_shifts of the merged code.
/// Differs: number of levels and size of a table are free, so that a small scope has small tables. Level 0 is the pte table and the
/// highest level the pgd, as in the merged code.
/// </remarks>
public sealed class PageTableGeometry
{
    private readonly int bits;
    private readonly ulong mask;

    /// <summary>A geometry.</summary>
    /// <param name="levels">How many levels.</param>
    /// <param name="entriesPerTable">How many entries a table has, a power of 2.</param>
    /// <param name="rootTables">How many top-level tables lie one after the other, a power of 2: concatenated tables of arm64.</param>
    public PageTableGeometry(int levels, int entriesPerTable, int rootTables = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(levels);
        ArgumentOutOfRangeException.ThrowIfNotEqual(BitOperations.IsPow2(entriesPerTable), true, nameof(entriesPerTable));
        ArgumentOutOfRangeException.ThrowIfNotEqual(BitOperations.IsPow2(rootTables), true, nameof(rootTables));
        Levels = levels;
        RootTables = rootTables;
        EntriesPerTable = entriesPerTable;
        bits = BitOperations.Log2((uint)entriesPerTable);
        mask = (ulong)entriesPerTable - 1;
    }

    /// <summary>How many levels there are.</summary>
    public int Levels { get; }

    /// <summary>The level of the pgd.</summary>
    public int RootLevel => Levels - 1;

    /// <summary>How many entries a table has.</summary>
    public int EntriesPerTable { get; }

    /// <summary>How many top-level tables there are, each covering the frames after those of the one before.</summary>
    public int RootTables { get; }

    /// <summary>How many guest frames all of it covers: kvm->arch.gpa_size in frames.</summary>
    public ulong Frames => (ulong)RootTables << (bits * Levels);

    /// <summary>Which of the top-level tables covers <paramref name="gfn"/>.</summary>
    /// <param name="gfn">A guest frame, less than <see cref="Frames"/>.</param>
    /// <returns>Its number, from 0.</returns>
    public int RootIndexOf(Gfn gfn) => (int)(gfn.Value >> (bits * Levels));

    /// <summary>The index of <paramref name="gfn"/> in a table of <paramref name="level"/>.</summary>
    /// <param name="gfn">A guest frame.</param>
    /// <param name="level">A level, 0 for the pte table.</param>
    /// <returns>The index.</returns>
    public int IndexOf(Gfn gfn, int level) => (int)((gfn.Value >> (bits * level)) & mask);

    /// <summary>How many guest frames one entry of a table of <paramref name="level"/> covers: PAGE_SIZE, PMD_SIZE, ... in frames.</summary>
    /// <param name="level">A level, 0 for the pte table.</param>
    /// <returns>The number of frames.</returns>
    public ulong FramesPerEntry(int level) => 1UL << (bits * level);

    /// <summary>ALIGN_DOWN() to what an entry of a table of <paramref name="level"/> covers.</summary>
    /// <param name="gfn">A guest frame.</param>
    /// <param name="level">A level, 0 for the pte table.</param>
    /// <returns>The first frame of the entry.</returns>
    public Gfn AlignDown(Gfn gfn, int level) => new(gfn.Value & ~(FramesPerEntry(level) - 1));

    /// <summary>pmd_addr_end() and its like: where the entry that covers <paramref name="gfn"/> ends, or <paramref name="end"/> if that is before.</summary>
    /// <param name="gfn">A guest frame.</param>
    /// <param name="end">The end of the walk.</param>
    /// <param name="level">The level of the entry's table.</param>
    /// <returns>The frame after the last.</returns>
    public Gfn EndOfEntry(Gfn gfn, Gfn end, int level)
    {
        ulong size = FramesPerEntry(level);
        ulong boundary = (gfn.Value + size) & ~(size - 1);
        return boundary - 1 < end.Value - 1 ? new Gfn(boundary) : end;
    }
}
