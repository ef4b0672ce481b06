namespace MmuStress.Mmu;

/// <summary>What a hardware page-table walker must know of an architecture.</summary>
/// <remarks>
/// A walk starts in <see cref="Root"/> at level <see cref="PageTableGeometry.RootLevel"/>. On each level it reads the entry at
/// <see cref="PageTableGeometry.IndexOf"/> with <see cref="Cpu.HardwareRead"/>; above level 0 <see cref="TryDecodeTable"/> leads to the next
/// table, on level 0 <see cref="DecodeLeaf"/> ends the walk.
/// </remarks>
public interface IPageTableFormat
{
    /// <summary>How a guest frame number is cut into indices.</summary>
    PageTableGeometry Geometry { get; }

    /// <summary>The top-level table.</summary>
    Page Root { get; }

    /// <summary>Which table an entry above the last level leads to.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="frameNumber">The table's frame number, for <see cref="PhysicalMemory.PageAt"/>.</param>
    /// <returns>False where it leads nowhere.</returns>
    bool TryDecodeTable(ulong entry, out ulong frameNumber);

    /// <summary>What an entry of the last level says.</summary>
    /// <param name="entry">The entry.</param>
    /// <returns>Its meaning.</returns>
    LeafEntry DecodeLeaf(ulong entry);
}
