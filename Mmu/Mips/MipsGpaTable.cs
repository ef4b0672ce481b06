using static MmuStress.Mmu.LoongArchPteBits;

namespace MmuStress.Mmu;

/// <summary>The page table of guest physical addresses as MIPS has it, and as LoongArch took it over up to its v3 posting: ranges end with their last frame.</summary>
/// <remarks>
/// Mirrors: arch/mips/kvm/mmu.c at 00a7aec1a9b0, with kvm_mips_ in front of most names; arch/loongarch/kvm/mmu.c as posted in v3. The notifiers hand
/// exclusive ends to these walkers, before and after the conversion to gfn-based callbacks (LA3-1).
/// Differs: entries have LoongArch's layout; MIPS has the same bits in other places. Entries are written with marked writes, since a hardware
/// walker reads them at the same time; the walkers of each level are one method, as the number of levels is a parameter.
/// </remarks>
public abstract class MipsGpaTable : LoongArchMmu
{
    private protected static readonly Gfn LastGfn = new(ulong.MaxValue);

    private protected MipsGpaTable(Kvm kvm, string name)
        : base(kvm, name)
    {
    }

    // KVM_MMU_CACHE_MIN_PAGES.
    private protected int CacheMinPages => Geometry.Levels == 2 ? 1 : 2;

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_set_spte_gfn(). Locking: mmu_lock.</remarks>
    public sealed override async Coroutine<bool> SetSpteGfn(Cpu cpu, KvmGfnRange range)
    {
        if (!TryFindPte(cpu, range.Start, out Word ptep))
        {
            return false;
        }

        // Mapping may need adjusting depending on memslot flags.
        var old = new Pte(cpu.Read(ptep));
        var hvaPte = Pte.OfHost(range.Pte);
        MemslotFlags flags = range.Slot.Flags(cpu);
        if ((flags & MemslotFlags.LogDirtyPages) != MemslotFlags.None && !old.IsDirty)
        {
            hvaPte = hvaPte.MkClean();
        }
        else if ((flags & MemslotFlags.ReadOnly) != MemslotFlags.None)
        {
            hvaPte = hvaPte.WrProtect();
        }

        await cpu.WriteOnce(ptep, hvaPte.Value);
        TraceSetPte(cpu, range.Start, old.Value, hvaPte.Value);

        // Replacing an absent or old page doesn't need flushes.
        if (!old.IsPresent || !old.IsYoung)
        {
            return false;
        }

        // Pages swapped, aged, moved, or cleaned require flushes.
        return !hvaPte.IsPresent || !hvaPte.IsYoung || old.Pfn != hvaPte.Pfn || (old.IsDirty && !hvaPte.IsDirty);
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_age_gfn(), whose end is one frame too far. Locking: mmu_lock.</remarks>
    public sealed override Coroutine<bool> AgeGfn(Cpu cpu, KvmGfnRange range) =>
        MkOldGpaPt(cpu, range.Start, range.End);

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_mmu_enable_log_dirty_pt_masked(). Locking: mmu_lock.</remarks>
    public sealed override async Coroutine EnableLogDirtyPtMasked(Cpu cpu, Memslot slot, ulong gfnOffset, ulong mask)
    {
        Gfn first = slot.BaseGfn(cpu) + gfnOffset;
        await MkCleanGpaPt(cpu, first + (ulong)ulong.TrailingZeroCount(mask), first + ulong.Log2(mask));
    }

    // kvm_map_page_fast(). Takes mmu_lock.
    private protected async Coroutine<int> MapPageFast(Cpu cpu, Gfn gfn, bool write)
    {
        Pfn pfn = default;
        bool pfnValid = false;
        int ret = 0;

        await cpu.Lock(Kvm.MmuLock);

        // Fast path - just check GPA page table for an existing entry.
        Pte pte = TryFindPte(cpu, gfn, out Word ptep) ? new Pte(cpu.Read(ptep)) : default;
        if (!pte.IsPresent)
        {
            ret = -Errno.EFAULT;
        }
        else
        {
            // Track access to pages marked old.
            if (!pte.IsYoung)
            {
                await cpu.WriteOnce(ptep, pte.MkYoung().Value);
                TraceSetPte(cpu, gfn, pte.Value, pte.MkYoung().Value);
                pte = pte.MkYoung();
                pfn = pte.Pfn;
                pfnValid = true; // call kvm_set_pfn_accessed() after unlock
            }

            if (write && !pte.IsDirty)
            {
                if (!pte.IsWrite)
                {
                    ret = -Errno.EFAULT;
                }
                else
                {
                    // Track dirtying of writeable pages.
                    await cpu.WriteOnce(ptep, pte.MkDirty().Value);
                    TraceSetPte(cpu, gfn, pte.Value, pte.MkDirty().Value);
                    pfn = pte.Pfn;
                    await Kvm.MarkPageDirty(cpu, gfn);
                    await Kvm.SetPfnDirty(cpu, pfn);
                }
            }
        }

        await cpu.Unlock(Kvm.MmuLock);
        if (pfnValid)
        {
            await Kvm.SetPfnAccessed(cpu, pfn);
        }

        return ret;
    }

    // kvm_walk_pgd() with a cache. Caller holds mmu_lock.
    private protected async Coroutine<Word> WalkPgd(Cpu cpu, MemoryCache cache, Gfn addr)
    {
        Page table = Root;
        for (int level = Geometry.RootLevel; level > 0; level--)
        {
            Word entry = table[Geometry.IndexOf(addr, level)];
            ulong value = cpu.Read(entry);
            if (value == 0)
            {
                Page child = cache.Allocate(cpu);
                cpu.Fill(child, 0);
                await cpu.WriteOnce(entry, EntryOf(child));
                Kvm.Tracepoints?.TableLinked(cpu, Kvm, child, level - 1);
                table = child;
            }
            else
            {
                table = TableOf(value);
            }
        }

        return table[Geometry.IndexOf(addr, 0)];
    }

    // kvm_flush_gpa_range(), from the first frame to the last. Caller is to hold mmu_lock.
    private protected Coroutine<(bool SafeToRemove, ulong Npages)> FlushGpaRange(Cpu cpu, Gfn startGfn, Gfn endGfn) =>
        FlushGpa(cpu, Root, startGfn, endGfn, default, Geometry.RootLevel);

    // kvm_flush_gpa_pgd(), kvm_flush_gpa_pud(), kvm_flush_gpa_pmd(): one table above the pte tables. The frames before it are "covered".
    private async Coroutine<(bool SafeToRemove, ulong Npages)> FlushGpa(Cpu cpu, Page table, Gfn start, Gfn last, Gfn covered, int level)
    {
        if (level == 0)
        {
            return await FlushGpaPte(cpu, table, start, last, covered);
        }

        ulong npages = 0;
        Gfn end = LastGfn;
        int min = Geometry.IndexOf(start, level);
        int max = Geometry.IndexOf(last, level);
        bool safeToRemove = min == 0 && max == Geometry.EntriesPerTable - 1;
        for (int i = min; i <= max; i++, start = default)
        {
            ulong entry = cpu.Read(table[i]);
            if (entry == 0)
            {
                continue;
            }

            Page child = TableOf(entry);
            if (i == max)
            {
                end = last;
            }

            Gfn childCovers = covered + ((ulong)i * Geometry.FramesPerEntry(level));
            (bool childIsSafe, ulong childPages) = await FlushGpa(cpu, child, start, end, childCovers, level - 1);
            npages += childPages;
            if (childIsSafe)
            {
                await cpu.WriteOnce(table[i], 0); // pmd_clear, pud_clear, pgd_clear
                FreeTable(cpu, child);
            }
            else
            {
                safeToRemove = false;
            }
        }

        return (safeToRemove, npages);
    }

    // kvm_flush_gpa_pte(): one pte table.
    private async Coroutine<(bool SafeToRemove, ulong Npages)> FlushGpaPte(Cpu cpu, Page table, Gfn start, Gfn last, Gfn covered)
    {
        ulong npages = 0;
        int min = Geometry.IndexOf(start, 0);
        int max = Geometry.IndexOf(last, 0);
        for (int i = min; i <= max; i++)
        {
            var pte = new Pte(cpu.Read(table[i]));
            if (!pte.IsPresent)
            {
                continue;
            }

            await cpu.WriteOnce(table[i], 0);
            TraceSetPte(cpu, covered + (ulong)i, pte.Value, 0);
            npages++;
        }

        return (min == 0 && max == Geometry.EntriesPerTable - 1, npages);
    }

    // kvm_mkclean_gpa_pt(), from the first frame to the last. Caller holds mmu_lock.
    private protected Coroutine<bool> MkCleanGpaPt(Cpu cpu, Gfn startGfn, Gfn endGfn) =>
        RangeOp(cpu, Root, startGfn, endGfn, default, Geometry.RootLevel, static pte => pte.MkClean());

    // kvm_mkold_gpa_pt(), the same.
    private Coroutine<bool> MkOldGpaPt(Cpu cpu, Gfn startGfn, Gfn endGfn) =>
        RangeOp(cpu, Root, startGfn, endGfn, default, Geometry.RootLevel, static pte => pte.MkOld());

    // BUILD_PTE_RANGE_OP(): kvm_mips_mkclean_pgd() and kvm_mips_mkold_pgd(), and what is below them.
    private async Coroutine<bool> RangeOp(Cpu cpu, Page table, Gfn start, Gfn last, Gfn covered, int level, Func<Pte, Pte> op)
    {
        bool ret = false;
        Gfn end = LastGfn;
        int min = Geometry.IndexOf(start, level);
        int max = Geometry.IndexOf(last, level);
        for (int i = min; i <= max; i++, start = default)
        {
            ulong entry = cpu.Read(table[i]);
            Gfn gfn = covered + ((ulong)i * Geometry.FramesPerEntry(level));
            if (level == 0)
            {
                var old = new Pte(entry);
                Pte @new = op(old);
                if (old.IsPresent && @new != old)
                {
                    await cpu.WriteOnce(table[i], @new.Value);
                    TraceSetPte(cpu, gfn, old.Value, @new.Value);
                    ret = true;
                }
            }
            else if (entry != 0)
            {
                if (i == max)
                {
                    end = last;
                }

                ret |= await RangeOp(cpu, TableOf(entry), start, end, gfn, level - 1, op);
            }
        }

        return ret;
    }

    private protected static Gfn Last(GfnRange gfns) => new(gfns.End.Value - 1);
}
