namespace MmuStress.Mmu;

/// <content>Finding out which pages are in use.</content>
public sealed partial class HostMm
{
    /// <summary>Takes the mark of recent use off every mapped page of a range, here and with the notifiers.</summary>
    /// <remarks>
    /// Mirrors: folio_referenced_one(), mm/rmap.c, with ptep_clear_flush_young_notify() (reclaim); page_idle_clear_pte_refs_one(),
    /// mm/page_idle.c, with ptep_clear_young_notify() (v6.1).
    /// Locking: the notifiers are called under the page_table_lock.
    /// </remarks>
    /// <param name="range">Which.</param>
    /// <param name="flush">Whether TLBs are to forget it too: clear_flush_young, else clear_young.</param>
    /// <returns>Whether one page was used recently.</returns>
    public async Coroutine<bool> Age(Cpu cpu, HvaRange range, bool flush)
    {
        CheckRange(range);
        bool young = false;
        for (ulong page = range.Start.Page; page < range.End.Page; page++)
        {
            await cpu.Lock(LockOf(page));
            HostPte pte = ReadPte(cpu, page);
            if (pte.IsPresent)
            {
                young |= pte.IsYoung;
                WritePte(cpu, page, pte.MakeOld());
                young |= await ClearYoungOfNotifiers(cpu, page, flush);
            }

            await cpu.Unlock(LockOf(page));
            machine.MadeProgress();
        }

        return young;
    }

    /// <summary>Whether the page at <paramref name="hva"/> was used recently, by the host's mark or a notifier's.</summary>
    /// <remarks>
    /// Mirrors: hpage_collapse_scan_pmd(), mm/khugepaged.c (v6.1): pte_young() || mmu_notifier_test_young().
    /// Locking: the notifiers are called under the page_table_lock.
    /// </remarks>
    /// <returns>True when it was.</returns>
    public async Coroutine<bool> TestYoung(Cpu cpu, Hva hva)
    {
        CheckRange(PageRange(hva.Page));
        await cpu.Lock(PageTableLock(hva));
        HostPte pte = ReadPte(cpu, hva.Page);
        bool young = pte.IsPresent && (pte.IsYoung || await TestYoungOfNotifiers(cpu, hva));
        await cpu.Unlock(PageTableLock(hva));
        return young;
    }

    private async Coroutine<bool> ClearYoungOfNotifiers(Cpu cpu, ulong page, bool flush)
    {
        HvaRange range = PageRange(page);
        ulong index = await EnterNotifiers(cpu);
        IMmuNotifier[] called = await CurrentList(cpu);
        bool young = false;
        for (int i = 0; i < called.Length; i++)
        {
            young |= flush ? await called[i].ClearFlushYoung(cpu, range) : await called[i].ClearYoung(cpu, range);
        }

        await LeaveNotifiers(cpu, index);
        return young;
    }

    private async Coroutine<bool> TestYoungOfNotifiers(Cpu cpu, Hva hva)
    {
        ulong index = await EnterNotifiers(cpu);
        IMmuNotifier[] called = await CurrentList(cpu);
        bool young = false;
        for (int i = 0; i < called.Length && !young; i++)
        {
            young = await called[i].TestYoung(cpu, hva);
        }

        await LeaveNotifiers(cpu, index);
        return young;
    }
}
