using static MmuStress.Mmu.LoongArchPteBits;

namespace MmuStress.Mmu;

/// <summary>LoongArch's MMU as posted in v3, 28 February 2023.</summary>
/// <remarks>
/// Mirrors: "[PATCH v3 19/29] LoongArch: KVM: Implement kvm mmu operations", arch/loongarch/kvm/mmu.c, as quoted in the review of 6 March
/// 2023, function by function and with what is wrong in it: notifiers hand exclusive ends to inclusive walkers (LA3-1: one frame too
/// many, or none at the very end of the address space), tables freed before the flush (LA3-2), flush_shadow_all without a lock (LA3-3),
/// the vma used after unlock (LA3-4), no barrier before a table is linked (LA3-5), a page marked accessed after its reference was given
/// back (LA3-6, LA3-7), kvm_set_spte_gfn (LA3-8), too few pages in the cache with four levels (LA3-9). The retry check is under mmu_lock,
/// as it should be (LA3-10).
/// Differs: entries are written with marked writes, since a hardware walker reads them at the same time; the walkers of each level are one
/// method, as the number of levels is a parameter; with more than three levels the posted code links a new table into the table that stands
/// for absent ones, here the missing level is filled in like the others.
/// </remarks>
public sealed class LoongArchV3 : LoongArchMmu
{
    private static readonly Gfn LastGfn = new(ulong.MaxValue);

    /// <summary>The MMU of <paramref name="kvm"/>.</summary>
    /// <param name="kvm">The VM.</param>
    public LoongArchV3(Kvm kvm)
        : base(kvm, "loongarch-v3")
    {
    }

    // KVM_MMU_CACHE_MIN_PAGES.
    private int CacheMinPages => Geometry.Levels == 2 ? 1 : 2;

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_handle_mm_fault().</remarks>
    public override async Coroutine<int> HandleMmFault(Cpu cpu, Vcpu vcpu, Gpa gpa, bool write)
    {
        int ret = await MapPage(cpu, vcpu, gpa, write);
        if (ret == 0)
        {
            // Invalidate this entry in the TLB: of the CPU the vCPU is on now, which need not be the one it faulted on.
            await vcpu.FlushTlbGpa(cpu, gpa);
        }

        Kvm.Tracepoints?.FaultHandled(cpu, vcpu, gpa, write, ret);
        return ret;
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_unmap_gfn_range(), whose end is one frame too far. Locking: mmu_lock.</remarks>
    public override async Coroutine<bool> UnmapGfnRange(Cpu cpu, KvmGfnRange range)
    {
        (_, ulong npages) = await FlushGpaRange(cpu, range.Start, range.End);
        return npages > 0;
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_set_spte_gfn(). Locking: mmu_lock.</remarks>
    public override async Coroutine<bool> SetSpteGfn(Cpu cpu, KvmGfnRange range)
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
    public override Coroutine<bool> AgeGfn(Cpu cpu, KvmGfnRange range) =>
        MkOld(cpu, Root, range.Start, range.End, default, Geometry.RootLevel);

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_flush_shadow_all(). Locking: none.</remarks>
    public override async Coroutine FlushShadowAll(Cpu cpu)
    {
        await FlushGpaRange(cpu, default, LastGfn);
        await Kvm.FlushRemoteTlbs(cpu);
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_flush_shadow_memslot(). Locking: takes mmu_lock.</remarks>
    public override async Coroutine FlushShadowMemslot(Cpu cpu, Memslot slot)
    {
        await cpu.Lock(Kvm.MmuLock);
        GfnRange gfns = slot.Gfns(cpu);
        (_, ulong npages) = await FlushGpaRange(cpu, gfns.Start, Last(gfns));
        if (npages != 0)
        {
            await Kvm.FlushRemoteTlbs(cpu);
        }

        await cpu.Unlock(Kvm.MmuLock);
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_commit_memory_region(). Locking: takes mmu_lock.</remarks>
    public override async Coroutine CommitMemoryRegion(Cpu cpu, Memslot? old, Memslot? @new, MemslotChange change)
    {
        if (EnablesLogging(cpu, old, @new, change))
        {
            await cpu.Lock(Kvm.MmuLock);
            GfnRange gfns = @new!.Gfns(cpu);
            if (await MkCleanGpaPt(cpu, gfns.Start, Last(gfns)))
            {
                await Kvm.FlushRemoteTlbs(cpu);
            }

            await cpu.Unlock(Kvm.MmuLock);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_mmu_enable_log_dirty_pt_masked(). Locking: mmu_lock.</remarks>
    public override async Coroutine EnableLogDirtyPtMasked(Cpu cpu, Memslot slot, ulong gfnOffset, ulong mask)
    {
        Gfn first = slot.BaseGfn(cpu) + gfnOffset;
        await MkCleanGpaPt(cpu, first + (ulong)ulong.TrailingZeroCount(mask), first + ulong.Log2(mask));
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: _kvm_destroy_mm(). Locking: none.</remarks>
    public override async Coroutine DestroyMm(Cpu cpu)
    {
        // It should always be safe to remove after flushing the whole range.
        (bool safeToRemove, _) = await FlushGpaRange(cpu, default, LastGfn);
        Kvm.WarnOn(cpu, !safeToRemove, "the top-level table cannot be removed after everything was flushed");
        FreeTable(cpu, Root);
    }

    // kvm_map_page_fast(). Takes mmu_lock.
    private async Coroutine<int> MapPageFast(Cpu cpu, Gfn gfn, bool write)
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

    // kvm_map_page().
    private async Coroutine<int> MapPage(Cpu cpu, Vcpu vcpu, Gpa gpa, bool write)
    {
        Gfn gfn = gpa.Gfn;
        LogMapPage(cpu, gfn, write);

        // Try the fast path to handle old / clean pages.
        ulong srcuIndex = await cpu.SrcuReadLock(Kvm.Srcu);
        int err = await MapPageFast(cpu, gfn, write);
        if (err != 0)
        {
            err = await MapPageSlow(cpu, vcpu, gfn, write, err);
        }
        else
        {
            Kvm.Tracepoints?.FaultFixedFast(cpu, vcpu, gfn);
        }

        await cpu.SrcuReadUnlock(Kvm.Srcu, srcuIndex);
        return err;
    }

    // The rest of kvm_map_page(), from gfn_to_memslot() on.
    private async Coroutine<int> MapPageSlow(Cpu cpu, Vcpu vcpu, Gfn gfn, bool write, int err)
    {
        Memslot? memslot = await Kvm.GfnToMemslot(cpu, gfn);
        if (!Kvm.TryGfnToHvaMemslotProt(cpu, memslot, gfn, out Hva hva, out bool writeable) || (write && !writeable))
        {
            return err;
        }

        // Let's check if we will get back a huge page backed by hugetlbfs.
        await cpu.ReadLock(Kvm.Mm.MmapLock);
        Vma? vma = Kvm.Mm.FindVma(cpu, hva);
        if (vma is null)
        {
            await cpu.ReadUnlock(Kvm.Mm.MmapLock);
            return -Errno.EFAULT;
        }

        await cpu.ReadUnlock(Kvm.Mm.MmapLock);

        // We need a minimum of cached pages ready for page table creation.
        vcpu.MmuPageCache.TopUp(cpu, CacheMinPages);

        UserPage page;
        int retryNo = 0;
        while (true)
        {
            // Used to check for invalidations in progress, of the pfn that is returned by gfn_to_pfn_prot below.
            ulong mmuSeq = await cpu.ReadOnce(Kvm.MmuInvalidateSeq);
            cpu.Log($"  seq = mmu_invalidate_seq => {mmuSeq}");
            await cpu.Rmb();

            // Slow path - ask KVM core whether we can access this GPA.
            page = await Kvm.GfnToPfnProt(cpu, gfn, write);
            if (!page.Ok)
            {
                return -Errno.EFAULT;
            }

            // Check if an invalidation has taken place since we got pfn.
            await cpu.Lock(Kvm.MmuLock);
            if (!await Kvm.MmuInvalidateRetry(cpu, mmuSeq))
            {
                break;
            }

            await cpu.Unlock(Kvm.MmuLock);
            await Kvm.SetPfnAccessed(cpu, page.Pfn);
            await Kvm.ReleasePfnClean(cpu, page.Frame!);
            if (retryNo >= Kvm.Parameters.RetriesBeforeSchedule)
            {
                retryNo = 0;
                await cpu.CondResched();
            }

            retryNo++;
        }

        ulong protBits = Present | Readable;
        protBits |= (vma.Flags(cpu) & (VmaFlags.Io | VmaFlags.PfnMap)) != VmaFlags.None ? CacheUncached : CacheCoherent;
        if (page.Writable)
        {
            protBits |= Write;
            if (write)
            {
                protBits |= Writeable;
                await Kvm.MarkPageDirty(cpu, gfn);
                await Kvm.SetPfnDirty(cpu, page.Pfn);
            }
        }

        // Ensure page tables are allocated.
        Word ptep = await WalkPgd(cpu, vcpu.MmuPageCache, gfn);
        ulong old = cpu.Read(ptep);
        var newPte = Pte.Of(page.Pfn, protBits);
        await cpu.WriteOnce(ptep, newPte.Value);
        TraceSetPte(cpu, gfn, old, newPte.Value);

        await cpu.Unlock(Kvm.MmuLock);
        await Kvm.ReleasePfnClean(cpu, page.Frame!);
        await Kvm.SetPfnAccessed(cpu, page.Pfn);
        return 0;
    }

    // kvm_walk_pgd() with a cache. Caller holds mmu_lock.
    private async Coroutine<Word> WalkPgd(Cpu cpu, MemoryCache cache, Gfn addr)
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
    private Coroutine<(bool SafeToRemove, ulong Npages)> FlushGpaRange(Cpu cpu, Gfn startGfn, Gfn endGfn) =>
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
    private Coroutine<bool> MkCleanGpaPt(Cpu cpu, Gfn startGfn, Gfn endGfn) =>
        MkClean(cpu, Root, startGfn, endGfn, default, Geometry.RootLevel);

    // kvm_mkclean_pgd(), kvm_mkclean_pud(), kvm_mkclean_pmd(), kvm_mkclean_pte().
    private async Coroutine<bool> MkClean(Cpu cpu, Page table, Gfn start, Gfn last, Gfn covered, int level)
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
                var pte = new Pte(entry);
                if (pte.IsPresent && pte.IsDirty)
                {
                    await cpu.WriteOnce(table[i], pte.MkClean().Value);
                    TraceSetPte(cpu, gfn, pte.Value, pte.MkClean().Value);
                    ret = true;
                }
            }
            else if (entry != 0)
            {
                if (i == max)
                {
                    end = last;
                }

                ret |= await MkClean(cpu, TableOf(entry), start, end, gfn, level - 1);
            }
        }

        return ret;
    }

    // kvm_mkold_pgd(), kvm_mkold_pud(), kvm_mkold_pmd(), kvm_mkold_pte().
    private async Coroutine<bool> MkOld(Cpu cpu, Page table, Gfn start, Gfn last, Gfn covered, int level)
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
                if (old.IsPresent && old.IsYoung)
                {
                    await cpu.WriteOnce(table[i], old.MkOld().Value);
                    TraceSetPte(cpu, gfn, old.Value, old.MkOld().Value);
                    ret = true;
                }
            }
            else if (entry != 0)
            {
                if (i == max)
                {
                    end = last;
                }

                ret |= await MkOld(cpu, TableOf(entry), start, end, gfn, level - 1);
            }
        }

        return ret;
    }

    private static Gfn Last(GfnRange gfns) => new(gfns.End.Value - 1);
}
