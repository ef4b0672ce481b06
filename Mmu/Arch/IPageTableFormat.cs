namespace MmuStress.Mmu;

/// <summary>What a hardware page-table walker must know of an architecture.</summary>
/// <remarks>
/// A walk starts in <see cref="RootFor"/> at level <see cref="PageTableGeometry.RootLevel"/>. On each level it reads the entry at
/// <see cref="PageTableGeometry.IndexOf"/> with <see cref="Cpu.HardwareRead"/>; above level 0 <see cref="TryDecodeTable"/> leads to the next
/// table; where it leads to none, and on level 0, <see cref="DecodeLeaf"/> ends the walk.
/// </remarks>
public interface IPageTableFormat
{
    /// <summary>How a guest frame number is cut into indices.</summary>
    PageTableGeometry Geometry { get; }

    /// <summary>The top-level table that covers a guest frame; there are several where top-level tables are concatenated.</summary>
    /// <param name="gfn">The guest frame.</param>
    /// <returns>The table.</returns>
    Page RootFor(Gfn gfn);

    /// <summary>Which table an entry above the last level leads to.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="level">The level of the table it is in, above 0.</param>
    /// <param name="frameNumber">The table's frame number, for <see cref="PhysicalMemory.PageAt"/>.</param>
    /// <returns>False where it leads nowhere.</returns>
    bool TryDecodeTable(ulong entry, int level, out ulong frameNumber);

    /// <summary>What an entry says that leads to no table: a page's, a block's, or none.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="level">The level of the table it is in; above 0 it can only be a block.</param>
    /// <param name="gfn">The guest frame that is looked up.</param>
    /// <returns>Its meaning for that frame.</returns>
    LeafEntry DecodeLeaf(ulong entry, int level, Gfn gfn);
}
