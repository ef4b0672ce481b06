namespace MmuStress.Mmu;

/// <summary>The hardware that walks the stage-2 page table: without a lock, one read a level.</summary>
/// <remarks>
/// Between two of its reads any CPU may change, unlink or free what it is about to read; a read from a freed table is found by the machine.
/// Mirrors: the hardware page-table walker, or lddir and ldpte in the TLB refill handler.
/// </remarks>
public static class PageTableWalker
{
    /// <summary>Physical addresses that come out of a table lie in memory that exists.</summary>
    public const string NoWildTranslation = nameof(NoWildTranslation);

    /// <summary>Walks the table down to the entry of a guest frame, from the top-level table that covers it.</summary>
    /// <param name="format">The table.</param>
    /// <param name="gfn">The guest frame.</param>
    /// <returns>What the last level says, or a block's entry above it; nothing where the walk ends earlier, or the table does not cover the frame.</returns>
    public static Coroutine<LeafEntry> Walk(Cpu cpu, IPageTableFormat format, Gfn gfn) =>
        gfn.Value >= format.Geometry.Frames ? new Coroutine<LeafEntry>(default(LeafEntry)) : Walk(cpu, format, format.RootFor(gfn), gfn);

    /// <summary>Walks the table down to the entry of a guest frame.</summary>
    /// <param name="format">The table.</param>
    /// <param name="root">The top-level table where the walk starts.</param>
    /// <param name="gfn">The guest frame, which the table covers.</param>
    /// <returns>What the last level says, or a block's entry above it; nothing where the walk ends earlier.</returns>
    public static async Coroutine<LeafEntry> Walk(Cpu cpu, IPageTableFormat format, Page root, Gfn gfn)
    {
        PageTableGeometry geometry = format.Geometry;
        Page table = root;
        for (int level = geometry.RootLevel; level > 0; level--)
        {
            ulong entry = await cpu.HardwareRead(table[geometry.IndexOf(gfn, level)]);
            if (!format.TryDecodeTable(entry, level, out ulong frameNumber))
            {
                LeafEntry block = format.DecodeLeaf(entry, level, gfn);
                cpu.Log($"  walk(gfn {gfn}): level {level} => {(block.Present ? $"pfn {block.Pfn}" : "none")}");
                return block;
            }

            cpu.Log($"  walk(gfn {gfn}): level {level} => table {frameNumber}");

            Page? next = cpu.Machine.Memory.PageAt(frameNumber);
            if (next is null)
            {
                cpu.Fail(NoWildTranslation, $"the walk for gfn {gfn} is led to page {frameNumber} at level {level}, which never existed");
                return default;
            }

            table = next;
        }

        LeafEntry leaf = format.DecodeLeaf(await cpu.HardwareRead(table[geometry.IndexOf(gfn, 0)]), 0, gfn);
        cpu.Log($"  walk(gfn {gfn}): level 0 => {(leaf.Present ? $"pfn {leaf.Pfn}" : "none")}");
        return leaf;
    }
}
