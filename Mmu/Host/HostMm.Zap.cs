namespace MmuStress.Mmu;

/// <content>Unmapping: madvise, the OOM reaper, munmap, mmap and exit.</content>
public sealed partial class HostMm
{
    /// <summary>Gives the pages of a range back and keeps the VMA: the next access finds zeroes.</summary>
    /// <remarks>
    /// Mirrors: madvise(MADV_DONTNEED), zap_page_range_single(), zap_pte_range(), tlb_flush_mmu(), mm/memory.c (v6.1); with
    /// <paramref name="mayBlock"/> false what <see cref="OomReap"/> does to one range.
    /// Locking: takes mmap_lock for read.
    /// </remarks>
    /// <param name="range">Which.</param>
    /// <param name="mayBlock">Whether the notifiers may sleep.</param>
    /// <returns>When it is done.</returns>
    public async Coroutine Unmap(Cpu cpu, HvaRange range, bool mayBlock = true)
    {
        CheckRange(range);
        await cpu.ReadLock(MmapLock);
        await ZapPageRange(cpu, range, mayBlock, notify: true);
        await cpu.ReadUnlock(MmapLock);
    }

    /// <summary>Unmaps a range and frees what falls out of it of the VMAs.</summary>
    /// <remarks>
    /// Mirrors: do_munmap(), unmap_region(), remove_vma(), mm/mmap.c (v6.1).
    /// Locking: takes mmap_lock for write.
    /// Differs: mmap_lock is not downgraded before the pages are zapped, which the system call does and mremap does not.
    /// </remarks>
    /// <returns>Whether there was anything to unmap.</returns>
    public async Coroutine<bool> Munmap(Cpu cpu, HvaRange range)
    {
        CheckRange(range);
        await MmapLock.DownWrite(cpu);
        bool isMapped = await MunmapLocked(cpu, range);
        await cpu.Unlock(MmapLock);
        return isMapped;
    }

    private async Coroutine<bool> MunmapLocked(Cpu cpu, HvaRange range)
    {
        bool isMapped = DetachVmas(cpu, range, out List<Vma>? detached);
        if (isMapped)
        {
            cpu.Log($"munmap({range})");
            await ZapPageRange(cpu, range, mayBlock: true, notify: true);
            FreeVmas(cpu, detached);
        }

        return isMapped;
    }

    /// <summary>mmap(MAP_FIXED_NOREPLACE): a new anonymous VMA where there was none.</summary>
    /// <remarks>Locking: takes mmap_lock for write.</remarks>
    /// <returns>False, for -EEXIST, where something is mapped already.</returns>
    public async Coroutine<bool> Map(Cpu cpu, HvaRange range, VmaFlags flags = VmaFlags.Write)
    {
        CheckRange(range);
        await MmapLock.DownWrite(cpu);
        bool isFree = true;
        foreach (Vma vma in vmas)
        {
            isFree &= vma.End(cpu) <= range.Start || vma.Start(cpu) >= range.End;
        }

        if (isFree)
        {
            cpu.Log($"mmap({range})");
            vmas.Add(new Vma(machine, range, flags));
        }

        await cpu.Unlock(MmapLock);
        return isFree;
    }

    /// <summary>mmap(MAP_FIXED): a new anonymous VMA instead of whatever was there.</summary>
    /// <remarks>Mirrors: mmap_region(), mm/mmap.c (v6.1), which unmaps first. Locking: takes mmap_lock for write.</remarks>
    /// <returns>When it is there.</returns>
    public async Coroutine MapFixed(Cpu cpu, HvaRange range)
    {
        CheckRange(range);
        await MmapLock.DownWrite(cpu);
        await MunmapLocked(cpu, range);
        cpu.Log($"mmap({range})");
        var vma = new Vma(machine, range, VmaFlags.Write);
        vmas.Add(vma);
        MergeVmas(cpu, vma);
        await cpu.Unlock(MmapLock);
    }

    /// <summary>The process exits: notifiers let go of everything, then every page and VMA is freed.</summary>
    /// <remarks>
    /// Mirrors: exit_mmap(), mm/mmap.c (v6.1), which calls mmu_notifier_release() first and finds no notifier left afterwards.
    /// Locking: takes mmap_lock for write, after the notifiers were called without any lock. No vCPU runs: each vCPU's thread has a hold on the
    /// address space (mm_users), so exit comes after the last of them. What can run meanwhile is what finds pages without such a hold (migration,
    /// aging), and <see cref="UnregisterNotifier"/> by who closes the VM last.
    /// </remarks>
    /// <returns>When it is done.</returns>
    public async Coroutine Release(Cpu cpu)
    {
        cpu.Log($"exit_mmap()");
        await ReleaseNotifiers(cpu);
        await MmapLock.DownWrite(cpu);
        await ZapPageRange(cpu, HvaRange.OfPages(0, (ulong)Pages), mayBlock: true, notify: false);
        FreeVmas(cpu, vmas);
        vmas.Clear();
        await cpu.Unlock(MmapLock);
    }

    private async Coroutine ZapPageRange(Cpu cpu, HvaRange range, bool mayBlock, bool notify)
    {
        ulong page = range.Start.Page;
        ulong end = range.End.Page;
        var gathered = new Gathered[(int)Math.Min((ulong)Parameters.GatherBatch, end - page)];
        int count = 0;
        if (notify)
        {
            await InvalidateRangeStart(cpu, range, mayBlock);
            if (Parameters.SplitsOnPartialUnmap)
            {
                await SplitHugePageAcross(cpu, range.Start);
                await SplitHugePageAcross(cpu, range.End);
            }
        }

        while (page < end)
        {
            SpinLock pageTableLock = LockOf(page);
            ulong endOfTable = EndOfTable(page, end);
            await cpu.Lock(pageTableLock);
            for (; page < endOfTable && count < gathered.Length; page++)
            {
                HostPte pte = ReadPte(cpu, page);
                if (!pte.IsNone)
                {
                    WritePte(cpu, page, HostPte.None);
                    if (pte.IsPresent || pte.IsHwPoison || pte.IsProtNone) // the reference of a migration entry was put when it was made
                    {
                        gathered[count++] = new Gathered(page, Memory.FrameAt(pte.Pfn));
                    }
                }
            }

            await cpu.Unlock(pageTableLock);
            if (count == Parameters.GatherBatch)
            {
                await FreeGathered(cpu, gathered, count);
                count = 0;
            }
        }

        if (notify)
        {
            await InvalidateRangeEnd(cpu, range, mayBlock);
        }

        await FreeGathered(cpu, gathered, count);
    }

    private async Coroutine FreeGathered(Cpu cpu, Gathered[] gathered, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Frame frame = gathered[i].Frame;
            bool isFreed = await Memory.Put(cpu, frame);
            cpu.Log($"host unmaps hva {gathered[i].Page}{(isFreed ? ", frees" : ", drops")} pfn {frame.Pfn}");
            machine.MadeProgress();
        }
    }

    /// <summary>Takes the range out of the VMAs, splitting what lies partly in it.</summary>
    private bool DetachVmas(Cpu cpu, HvaRange range, out List<Vma>? detached)
    {
        detached = null;
        bool found = false;
        for (int i = vmas.Count - 1; i >= 0; i--)
        {
            Vma vma = vmas[i];
            Hva start = vma.Start(cpu);
            Hva end = vma.End(cpu);
            if (end <= range.Start || start >= range.End)
            {
                continue;
            }

            found = true;
            if (start >= range.Start && end <= range.End)
            {
                vmas.RemoveAt(i);
                (detached ??= []).Add(vma);
                continue;
            }

            if (start < range.Start && end > range.End)
            {
                vmas.Add(new Vma(machine, new HvaRange(range.End, end), vma.Flags(cpu)));
            }

            if (start < range.Start)
            {
                vma.SetEnd(cpu, range.Start);
            }
            else
            {
                vma.SetStart(cpu, range.End);
            }
        }

        return found;
    }

    private void FreeVmas(Cpu cpu, List<Vma>? freed)
    {
        if (freed is not null)
        {
            foreach (Vma vma in freed)
            {
                machine.Memory.Free(cpu, vma.Block);
            }
        }
    }

    private readonly record struct Gathered(ulong Page, Frame Frame);
}
