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

    /// <summary>Walks the table down to the entry of a guest frame.</summary>
    /// <param name="format">The table.</param>
    /// <param name="gfn">The guest frame.</param>
    /// <returns>What the last level says; nothing where the walk ends earlier.</returns>
    public static async Coroutine<LeafEntry> Walk(Cpu cpu, IPageTableFormat format, Gfn gfn)
    {
        PageTableGeometry geometry = format.Geometry;
        if (gfn.Value >= geometry.Frames)
        {
            return default;
        }

        Page table = format.Root;
        for (int level = geometry.RootLevel; level > 0; level--)
        {
            ulong entry = await cpu.HardwareRead(table[geometry.IndexOf(gfn, level)]);
            cpu.Log($"  walk(gfn {gfn}): level {level} => {(format.TryDecodeTable(entry, out ulong child) ? $"table {child}" : "none")}");
            if (!format.TryDecodeTable(entry, out ulong frameNumber))
            {
                return default;
            }

            Page? next = cpu.Machine.Memory.PageAt(frameNumber);
            if (next is null)
            {
                cpu.Fail(NoWildTranslation, $"the walk for gfn {gfn} is led to page {frameNumber} at level {level}, which never existed");
                return default;
            }

            table = next;
        }

        LeafEntry leaf = format.DecodeLeaf(await cpu.HardwareRead(table[geometry.IndexOf(gfn, 0)]));
        cpu.Log($"  walk(gfn {gfn}): level 0 => {(leaf.Present ? $"pfn {leaf.Pfn}" : "none")}");
        return leaf;
    }
}
