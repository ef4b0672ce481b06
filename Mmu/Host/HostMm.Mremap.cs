namespace MmuStress.Mmu;

/// <content>mremap.</content>
public sealed partial class HostMm
{
    /// <summary>Moves the mappings of a range elsewhere, page by page.</summary>
    /// <remarks>
    /// Mirrors: mremap(MREMAP_MAYMOVE | MREMAP_FIXED), move_page_tables(), move_ptes(), mm/mremap.c (v6.1). With a size of 0 nothing is moved; the notifiers
    /// are told of an empty range where <see cref="HostMmParameters.MremapNotifiesOfNothing"/> says so.
    /// Locking: takes mmap_lock for write; the page_table_lock of one page at a time.
    /// Differs: what was at the new place must have been unmapped, and the VMAs stay as they are.
    /// </remarks>
    /// <param name="first">The first page's number.</param>
    /// <param name="count">How many pages; 0 for none.</param>
    /// <param name="to">Where the first page goes.</param>
    /// <returns>When they are moved.</returns>
    public async Coroutine Mremap(Cpu cpu, ulong first, ulong count, ulong to)
    {
        await MmapLock.DownWrite(cpu);
        HvaRange range = HvaRange.OfPages(first, count);
        if (count != 0 || Parameters.MremapNotifiesOfNothing)
        {
            await InvalidateRangeStart(cpu, range);
            for (ulong i = 0; i < count; i++)
            {
                await MovePte(cpu, first + i, to + i);
            }

            await InvalidateRangeEnd(cpu, range);
        }

        await cpu.Unlock(MmapLock);
    }

    private async Coroutine MovePte(Cpu cpu, ulong from, ulong to)
    {
        await cpu.Lock(LockOf(from));
        HostPte pte = ReadPte(cpu, from);
        WritePte(cpu, from, HostPte.None);
        await cpu.Unlock(LockOf(from));
        await cpu.Lock(LockOf(to));
        Invariant.Holds(ReadPte(cpu, to).IsNone, "nothing is mapped where mremap moves a page to");
        WritePte(cpu, to, pte);
        await cpu.Unlock(LockOf(to));
        cpu.Log($"host moves hva {from} to {to}");
    }
}
