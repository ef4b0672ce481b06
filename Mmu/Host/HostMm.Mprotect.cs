namespace MmuStress.Mmu;

/// <content>Changing what is allowed: mm/mprotect.c.</content>
public sealed partial class HostMm
{
    /// <summary>Changes what is allowed in a range, up to the first hole in it.</summary>
    /// <remarks>
    /// Mirrors: do_mprotect_pkey(), mprotect_fixup(), change_protection(), change_pmd_range(), change_pte_range(), mm/mprotect.c (v6.1): notifiers are told once
    /// for each VMA, and not at all where nothing changes for it. An entry becomes writable again only where nobody shares the page, as
    /// can_change_pte_writable() says; else the next write does that.
    /// Locking: takes mmap_lock for write, then the page_table_lock of one page at a time.
    /// Differs: an entry is exclusive where its page has no other reference. A page that is being migrated is waited for; the kernel changes its migration entry.
    /// </remarks>
    /// <param name="range">Which.</param>
    /// <param name="flags">PROT_NONE is <see cref="VmaFlags.NoAccess"/>, PROT_READ is <see cref="VmaFlags.None"/>, PROT_READ | PROT_WRITE is <see cref="VmaFlags.Write"/>.</param>
    /// <returns>False, for -ENOMEM, where there is a hole.</returns>
    public async Coroutine<bool> Mprotect(Cpu cpu, HvaRange range, VmaFlags flags)
    {
        CheckRange(range);
        cpu.Log($"mprotect({range}, {NameOf(flags)})");
        await MmapLock.DownWrite(cpu);
        Hva at = range.Start;
        while (at < range.End && FindVma(cpu, at) is { } vma)
        {
            Hva end = vma.End(cpu) < range.End ? vma.End(cpu) : range.End;
            if (vma.Flags(cpu) != flags)
            {
                await MprotectFixup(cpu, vma, new HvaRange(at, end), flags);
            }

            at = end;
        }

        await cpu.Unlock(MmapLock);
        return at >= range.End;
    }

    private async Coroutine MprotectFixup(Cpu cpu, Vma vma, HvaRange range, VmaFlags flags)
    {
        Isolate(cpu, vma, range);
        vma.SetFlags(cpu, flags);
        await InvalidateRangeStart(cpu, range);
        for (ulong page = range.Start.Page; page < range.End.Page; page++)
        {
            await ChangePteProtection(cpu, page, flags);
            machine.MadeProgress();
        }

        cpu.Log($"host makes hva {range} {NameOf(flags)}");
        await InvalidateRangeEnd(cpu, range);
        MergeVmas(cpu, vma);
    }

    private async Coroutine ChangePteProtection(Cpu cpu, ulong page, VmaFlags flags)
    {
        while (true)
        {
            await cpu.Lock(LockOf(page));
            HostPte pte = ReadPte(cpu, page);
            if (pte.IsMigration)
            {
                await MigrationEntryWait(cpu, LockOf(page));
                continue;
            }

            if (pte.IsPresent || pte.IsProtNone)
            {
                WritePte(cpu, page, await PteModify(cpu, pte, flags));
            }

            await cpu.Unlock(LockOf(page));
            return;
        }
    }

    // pte_modify(), and pte_mkwrite() where can_change_pte_writable().
    private async Coroutine<HostPte> PteModify(Cpu cpu, HostPte pte, VmaFlags flags)
    {
        if ((flags & VmaFlags.NoAccess) != VmaFlags.None)
        {
            return pte.MakeProtNone();
        }

        HostPte modified = pte.MakeAccessible().WriteProtect();
        if ((flags & VmaFlags.Write) == VmaFlags.None || !pte.IsDirty)
        {
            return modified;
        }

        Frame frame = Memory.FrameAt(pte.Pfn);
        return frame.IsZeroPage || await cpu.ReadOnce(frame.RefCount) != 1 ? modified : modified.MakeWritable();
    }

    // split_vma(), on both sides: the VMA is left with the range, which lies in it.
    private void Isolate(Cpu cpu, Vma vma, HvaRange range)
    {
        if (vma.Start(cpu) < range.Start)
        {
            vmas.Add(new Vma(machine, new HvaRange(vma.Start(cpu), range.Start), vma.Flags(cpu)));
            vma.SetStart(cpu, range.Start);
        }

        if (range.End < vma.End(cpu))
        {
            vmas.Add(new Vma(machine, new HvaRange(range.End, vma.End(cpu)), vma.Flags(cpu)));
            vma.SetEnd(cpu, range.End);
        }
    }

    // vma_merge(): neighbours in which the same is allowed become one.
    private void MergeVmas(Cpu cpu, Vma vma)
    {
        for (int i = vmas.Count - 1; i >= 0; i--)
        {
            Vma other = vmas[i];
            if (ReferenceEquals(other, vma) || other.Flags(cpu) != vma.Flags(cpu))
            {
                continue;
            }

            if (other.End(cpu) == vma.Start(cpu))
            {
                vma.SetStart(cpu, other.Start(cpu));
            }
            else if (other.Start(cpu) == vma.End(cpu))
            {
                vma.SetEnd(cpu, other.End(cpu));
            }
            else
            {
                continue;
            }

            vmas.RemoveAt(i);
            machine.Memory.Free(cpu, other.Block);
        }
    }

    private static string NameOf(VmaFlags flags) =>
        (flags & VmaFlags.NoAccess) != VmaFlags.None ? "PROT_NONE" : (flags & VmaFlags.Write) != VmaFlags.None ? "PROT_READ | PROT_WRITE" : "PROT_READ";
}
