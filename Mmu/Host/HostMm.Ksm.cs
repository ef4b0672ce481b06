namespace MmuStress.Mmu;

/// <content>Merging pages of the same content: mm/ksm.c.</content>
public sealed partial class HostMm
{
    /// <summary>Has two pages of the same content share one frame, read-only.</summary>
    /// <remarks>
    /// Mirrors: try_to_merge_two_pages(), try_to_merge_one_page(), write_protect_page(), replace_page(), mm/ksm.c (v6.1): each page is
    /// write-protected between a start and an end of its own, then the second is replaced between another; change_pte is called for every new entry.
    /// A page that anybody else holds a reference on is left alone.
    /// Locking: takes mmap_lock for read and the page_table_lock several times.
    /// Differs: contents are only compared once both pages are write-protected. A page that is read-only already counts as write-protected.
    /// </remarks>
    /// <param name="first">Where the page is that stays.</param>
    /// <param name="second">Where the page is that goes.</param>
    /// <returns>Whether they were merged.</returns>
    public async Coroutine<bool> KsmMerge(Cpu cpu, Hva first, Hva second)
    {
        CheckRange(PageRange(first.Page));
        CheckRange(PageRange(second.Page));
        await cpu.ReadLock(MmapLock);
        Frame? stable = await GetMergeablePage(cpu, first.Page);
        Frame? merged = await GetMergeablePage(cpu, second.Page);
        bool isMerged = stable is not null && merged is not null && stable != merged
            && await WriteProtectPage(cpu, first.Page, stable)
            && await WriteProtectPage(cpu, second.Page, merged)
            && await cpu.ReadOnce(stable.Content) == await cpu.ReadOnce(merged.Content)
            && await ReplacePage(cpu, second.Page, merged, stable);
        if (merged is not null)
        {
            await Memory.Put(cpu, merged);
        }

        if (stable is not null)
        {
            await Memory.Put(cpu, stable);
        }

        await cpu.ReadUnlock(MmapLock);
        return isMerged;
    }

    private async Coroutine<Frame?> GetMergeablePage(Cpu cpu, ulong page)
    {
        Frame? frame = null;
        await cpu.Lock(LockOf(page));
        HostPte pte = ReadPte(cpu, page);
        if (pte.IsPresent && pte.Pfn != Memory.ZeroPage.Pfn)
        {
            frame = Memory.FrameAt(pte.Pfn);
            await Memory.Get(cpu, frame);
        }

        await cpu.Unlock(LockOf(page));
        return frame;
    }

    private async Coroutine<bool> WriteProtectPage(Cpu cpu, ulong page, Frame frame)
    {
        HvaRange range = PageRange(page);
        await InvalidateRangeStart(cpu, range);
        await cpu.Lock(LockOf(page));
        HostPte pte = ReadPte(cpu, page);
        bool isProtected = pte.IsPresent && pte.Pfn == frame.Pfn;
        if (isProtected && pte.IsWritable)
        {
            WritePte(cpu, page, HostPte.None); // ptep_clear_flush
            isProtected = await cpu.ReadOnce(frame.RefCount) == 2; // the mapping's and ours: nobody writes to it behind our back
            if (isProtected)
            {
                await SetPteAtNotify(cpu, page, pte.WriteProtect().MakeClean());
            }
            else
            {
                WritePte(cpu, page, pte);
            }
        }

        await cpu.Unlock(LockOf(page));
        await InvalidateRangeEnd(cpu, range);
        return isProtected;
    }

    private async Coroutine<bool> ReplacePage(Cpu cpu, ulong page, Frame old, Frame stable)
    {
        HvaRange range = PageRange(page);
        await InvalidateRangeStart(cpu, range);
        await cpu.Lock(LockOf(page));
        HostPte pte = ReadPte(cpu, page);
        bool isSame = pte.IsPresent && pte.Pfn == old.Pfn && !pte.IsWritable;
        if (isSame)
        {
            await Memory.Get(cpu, stable);
            WritePte(cpu, page, HostPte.None); // ptep_clear_flush_notify
            cpu.Log($"host merges hva {page}, pfn {old.Pfn} -> pfn {stable.Pfn}");
            await SetPteAtNotify(cpu, page, HostPte.Of(stable.Pfn, writable: false));
            await Memory.Put(cpu, old);
        }

        await cpu.Unlock(LockOf(page));
        await InvalidateRangeEnd(cpu, range);
        return isSame;
    }
}
