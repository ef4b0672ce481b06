namespace MmuStress.Mmu;

/// <content>fork: sharing pages with a child, both sides read-only.</content>
public sealed partial class HostMm
{
    /// <summary>Shares every mapped page of a range with <paramref name="child"/>; the next write on either side copies.</summary>
    /// <remarks>
    /// Mirrors: dup_mmap(), copy_page_range(), copy_present_pte(), mm/memory.c (v6.1).
    /// Locking: mmap_lock for write, then per page the child's page_table_lock and, nested, this one's.
    /// Differs: the child's VMA is there from its creation.
    /// </remarks>
    /// <param name="child">An address space with the same <see cref="Memory"/> and nothing mapped in the range.</param>
    /// <param name="range">Which.</param>
    /// <returns>When it is done.</returns>
    public async Coroutine Fork(Cpu cpu, HostMm child, HvaRange range)
    {
        CheckRange(range);
        child.CheckRange(range);
        Invariant.Holds(ReferenceEquals(child.Memory, Memory), "a child shares its parent's memory");
        cpu.Log($"fork()");
        await MmapLock.DownWrite(cpu);
        await InvalidateRangeStart(cpu, range);
        for (ulong page = range.Start.Page; page < range.End.Page; page++)
        {
            await CopyPresentPte(cpu, child, page);
            machine.MadeProgress();
        }

        await InvalidateRangeEnd(cpu, range);
        await cpu.Unlock(MmapLock);
    }

    private async Coroutine CopyPresentPte(Cpu cpu, HostMm child, ulong page)
    {
        SpinLock pageTableLock = LockOf(page);
        SpinLock childLock = child.LockOf(page);
        while (true)
        {
            await cpu.Lock(childLock);
            await cpu.Lock(pageTableLock);
            HostPte pte = ReadPte(cpu, page);
            if (pte.IsMigration)
            {
                await cpu.Unlock(childLock);
                await MigrationEntryWait(cpu, pageTableLock);
                continue;
            }

            if (pte.IsPresent || pte.IsProtNone)
            {
                await Memory.Get(cpu, Memory.FrameAt(pte.Pfn));
                WritePte(cpu, page, pte.WriteProtect());
                child.WritePte(cpu, page, pte.WriteProtect().MakeClean().MakeOld());
                cpu.Log($"host write-protects hva {page} (pfn {pte.Pfn}) for a child");
            }

            await cpu.Unlock(pageTableLock);
            await cpu.Unlock(childLock);
            return;
        }
    }
}
