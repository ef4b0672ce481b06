namespace MmuStress.Mmu;

/// <content>Transparent huge pages: mm/khugepaged.c and mm/huge_memory.c.</content>
public sealed partial class HostMm
{
    /// <summary>Moves the small pages of a range into one huge page.</summary>
    /// <remarks>
    /// Mirrors: collapse_huge_page(), __collapse_huge_page_isolate(), __collapse_huge_page_copy(), mm/khugepaged.c (v6.1). The end comes right
    /// after the entries are cleared: mmap_lock, held for write, keeps everybody from faulting anything in until the huge page is mapped.
    /// Fails where a page is shared or held by somebody, or none is writable.
    /// Locking: mmap_lock for write, then the page_table_lock.
    /// Differs: a page that is being migrated is seen before anything is cleared; in the kernel afterwards, with anon_vma's lock keeping the end of
    /// the migration out until everything is put back. The huge page is that many frames with consecutive numbers, allocated one by one;
    /// clearing the entries stands for clearing the pmd that leads to them.
    /// </remarks>
    /// <param name="range">Which; within one VMA and one table of 512 entries.</param>
    /// <returns>Whether it was collapsed.</returns>
    public async Coroutine<bool> ThpCollapse(Cpu cpu, HvaRange range)
    {
        CheckRange(range);
        int first = (int)range.Start.Page;
        int count = (int)(range.End.Page - range.Start.Page);
        var entries = new HostPte[count];
        SpinLock pageTableLock = LockOf((ulong)first);
        await MmapLock.DownWrite(cpu);
        Vma? vma = FindVma(cpu, range.Start);
        if (vma is null || vma.End(cpu) < range.End)
        {
            await cpu.Unlock(MmapLock);
            return false;
        }

        if (Parameters.CollapseNotifies)
        {
            await InvalidateRangeStart(cpu, range);
        }

        await cpu.Lock(pageTableLock);
        bool isMigrating = false;
        for (int i = 0; i < count; i++)
        {
            entries[i] = ReadPte(cpu, (ulong)(first + i));
            isMigrating |= entries[i].IsMigration;
        }

        for (int i = 0; i < count && !isMigrating; i++)
        {
            WritePte(cpu, (ulong)(first + i), HostPte.None); // pmdp_collapse_flush
        }

        await cpu.Unlock(pageTableLock);
        if (Parameters.CollapseNotifies)
        {
            await InvalidateRangeEnd(cpu, range);
        }

        if (isMigrating)
        {
            await cpu.Unlock(MmapLock);
            return false;
        }

        bool isCollapsed = await IsolateForCollapse(cpu, entries);
        if (isCollapsed)
        {
            await CopyForCollapse(cpu, entries);
            cpu.Log($"host collapses hva {range} to pfn {entries[0].Pfn} and on");
        }

        await cpu.Lock(pageTableLock);
        for (int i = 0; i < count; i++)
        {
            WritePte(cpu, (ulong)(first + i), entries[i]);
        }

        await cpu.Unlock(pageTableLock);
        await cpu.Unlock(MmapLock);
        return isCollapsed;
    }

    /// <summary>Maps the huge page of a range as small pages; contents and frames stay.</summary>
    /// <remarks>
    /// Mirrors: __split_huge_pmd(), mm/huge_memory.c (v6.1).
    /// Locking: the page_table_lock, between a start and an end.
    /// Differs: unmapping a part of a huge page does not split the rest by itself, unless <see cref="HostMmParameters.SplitsOnPartialUnmap"/> is set.
    /// </remarks>
    /// <param name="range">Which; within one table of 512 entries.</param>
    /// <returns>Whether there was a huge mapping.</returns>
    public async Coroutine<bool> ThpSplit(Cpu cpu, HvaRange range)
    {
        CheckRange(range);
        bool isSplit = false;
        await InvalidateRangeStart(cpu, range);
        await cpu.Lock(PageTableLock(range.Start));
        for (ulong page = range.Start.Page; page < range.End.Page; page++)
        {
            HostPte pte = ReadPte(cpu, page);
            isSplit |= pte.IsHuge;
            WritePte(cpu, page, pte.MakeSmall());
        }

        cpu.Log($"host splits hva {range}");
        await cpu.Unlock(PageTableLock(range.Start));
        await InvalidateRangeEnd(cpu, range);
        return isSplit;
    }

    /// <summary>How large the host's mapping is.</summary>
    /// <remarks>
    /// Mirrors: get_user_mapping_size(), arch/arm64/kvm/mmu.c (v6.12), which walks the host's table without its lock.
    /// Locking: none; who asks knows by other means that the mapping stays.
    /// Differs: a huge mapping is an entry for each small page, and these are looked at one after the other. One whose entries differ in rights is taken
    /// for small pages.
    /// </remarks>
    /// <param name="hva">The address.</param>
    /// <param name="pages">PMD_SIZE, in pages: a power of two.</param>
    /// <returns><paramref name="pages"/> where the aligned range around the address is mapped huge, else 1; -EAGAIN where nothing is mapped any more.</returns>
    public async Coroutine<int> GetUserMappingSize(Cpu cpu, Hva hva, int pages)
    {
        var pte = new HostPte(await cpu.HardwareRead(pageTable[(int)hva.Page]));
        if (!pte.IsPresent)
        {
            return -Errno.EAGAIN; // Oops, the userspace PTEs are gone... Replay the fault.
        }

        int first = (int)hva.Page & ~(pages - 1);
        ulong firstPfn = pte.Pfn.Value - (hva.Page - (ulong)first);
        if (!pte.IsHuge || first + pages > Pages)
        {
            return 1;
        }

        for (int i = 0; i < pages; i++)
        {
            if (first + i == (int)hva.Page)
            {
                continue;
            }

            var other = new HostPte(await cpu.HardwareRead(pageTable[first + i]));
            if (!other.IsPresent || !other.IsHuge || other.IsWritable != pte.IsWritable || other.Pfn.Value != firstPfn + (ulong)i)
            {
                return 1;
            }
        }

        return pages;
    }

    // zap_pmd_range(): the huge page that lies on both sides of an end of the range is split, between a start and an end of its own.
    private async Coroutine SplitHugePageAcross(Cpu cpu, Hva boundary)
    {
        const ulong InTable = (1UL << PagesPerTableShift) - 1;
        ulong page = boundary.Page;
        if ((page & InTable) == 0 || page >= (ulong)Pages)
        {
            return;
        }

        SpinLock pageTableLock = LockOf(page);
        await cpu.Lock(pageTableLock);
        ulong first = page;
        while ((first & InTable) != 0 && IsSameHugePage(cpu, first - 1))
        {
            first--;
        }

        ulong end = page + 1;
        ulong endOfTable = EndOfTable(page, (ulong)Pages);
        while (end < endOfTable && IsSameHugePage(cpu, end - 1))
        {
            end++;
        }

        await cpu.Unlock(pageTableLock);
        if (first < page)
        {
            await ThpSplit(cpu, HvaRange.OfPages(first, end - first));
        }
    }

    // Whether a page and the next one are of one huge page, whose frames have consecutive numbers. Caller holds the page_table_lock.
    private bool IsSameHugePage(Cpu cpu, ulong page)
    {
        HostPte left = ReadPte(cpu, page);
        HostPte right = ReadPte(cpu, page + 1);
        return left.IsHuge && right.IsHuge && left.Pfn.Value + 1 == right.Pfn.Value;
    }

    private async Coroutine<bool> IsolateForCollapse(Cpu cpu, HostPte[] entries)
    {
        bool isWritable = false;
        for (int i = 0; i < entries.Length; i++)
        {
            HostPte pte = entries[i];
            if (pte.IsHuge || pte.IsProtNone)
            {
                return false;
            }

            if (pte.IsPresent && pte.Pfn != Memory.ZeroPage.Pfn && await cpu.ReadOnce(Memory.FrameAt(pte.Pfn).RefCount) != 1)
            {
                return false;
            }

            isWritable |= pte.IsWritable;
        }

        return isWritable;
    }

    private async Coroutine CopyForCollapse(Cpu cpu, HostPte[] entries)
    {
        for (int i = 0; i < entries.Length; i++)
        {
            Frame fresh = Memory.Allocate();
            if (entries[i].IsPresent && entries[i].Pfn != Memory.ZeroPage.Pfn)
            {
                Frame old = Memory.FrameAt(entries[i].Pfn);
                fresh.Content.Initialise(await cpu.ReadOnce(old.Content));
                await Memory.Put(cpu, old);
            }

            entries[i] = HostPte.Of(fresh.Pfn, writable: true).MakeHuge();
        }
    }
}
