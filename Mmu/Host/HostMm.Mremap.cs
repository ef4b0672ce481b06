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

    /// <summary>Moves a mapping elsewhere for good: the VMA with it, and what was in the new place goes.</summary>
    /// <remarks>
    /// Mirrors: mremap(MREMAP_MAYMOVE | MREMAP_FIXED), mremap_to(), move_vma(), mm/mremap.c (v6.1): the new place is unmapped, a VMA made there, the entries moved,
    /// and the old place unmapped; notifiers are told of each of these but the second.
    /// Locking: takes mmap_lock for write; the page_table_lock of one page at a time.
    /// </remarks>
    /// <param name="range">What moves; must not overlap its new place.</param>
    /// <param name="to">Where its first page goes.</param>
    /// <returns>False, for -EFAULT, where the range is not in one VMA; the new place is unmapped all the same.</returns>
    public async Coroutine<bool> MremapTo(Cpu cpu, HvaRange range, ulong to)
    {
        ulong first = range.Start.Page;
        ulong count = range.End.Page - first;
        HvaRange place = HvaRange.OfPages(to, count);
        CheckRange(range);
        CheckRange(place);
        cpu.Log($"mremap({range}, {place})");
        await MmapLock.DownWrite(cpu);
        await MunmapLocked(cpu, place);
        Vma? vma = FindVma(cpu, range.Start);
        bool isInOneVma = vma is not null && vma.End(cpu) >= range.End;
        if (isInOneVma)
        {
            var copy = new Vma(machine, place, vma!.Flags(cpu));
            vmas.Add(copy);
            await InvalidateRangeStart(cpu, range);
            for (ulong i = 0; i < count; i++)
            {
                await MovePte(cpu, first + i, to + i);
            }

            await InvalidateRangeEnd(cpu, range);
            await MunmapLocked(cpu, range);
            MergeVmas(cpu, copy);
        }

        await cpu.Unlock(MmapLock);
        return isInOneVma;
    }

    // Differs: a page that is being migrated is waited for; the kernel moves its migration entry.
    private async Coroutine MovePte(Cpu cpu, ulong from, ulong to)
    {
        await cpu.Lock(LockOf(from));
        HostPte pte = ReadPte(cpu, from);
        while (pte.IsMigration)
        {
            await MigrationEntryWait(cpu, LockOf(from));
            await cpu.Lock(LockOf(from));
            pte = ReadPte(cpu, from);
        }

        WritePte(cpu, from, HostPte.None);
        await cpu.Unlock(LockOf(from));
        await cpu.Lock(LockOf(to));
        Invariant.Holds(ReadPte(cpu, to).IsNone, "nothing is mapped where mremap moves a page to");
        WritePte(cpu, to, pte);
        await cpu.Unlock(LockOf(to));
        cpu.Log($"host moves hva {from} to {to}");
        machine.MadeProgress();
    }
}
