using static MmuStress.Mmu.LoongArchPteBits;

namespace MmuStress.Mmu;

/// <summary>LoongArch's MMU as posted in v20, 31 August 2023.</summary>
/// <remarks>
/// Mirrors: "[PATCH v20 19/30] LoongArch: KVM: Implement kvm mmu operations", arch/loongarch/kvm/mmu.c, function by function and with
/// what is wrong in it: the retry check before the lock (LA20-1), pages used without a reference (LA20-2), the vma used after unlock
/// (LA20-3), tables freed before the flush and by notifiers (LA20-4 to 6), flush_shadow_all without a lock (LA20-7), no barrier before a
/// table is linked (LA20-8), kvm_set_spte_gfn (LA20-9 to 12), marking dirty late (LA20-13), kvm_flush_tlb_gpa on whatever CPU (LA20-14),
/// write protection of what was not asked for (LA20-15), retrying under SRCU (LA20-16), and three lookups of the memslot (LA20-18).
/// Differs: entries are written with marked writes, where v20 stores plainly, since a hardware walker reads them at the same time;
/// kvm_ptw_pmd() and kvm_ptw_pud() are one method, as the number of levels is a parameter.
/// </remarks>
public sealed class LoongArchV20 : LoongArchMmu
{
    /// <summary>The MMU of <paramref name="kvm"/>.</summary>
    /// <param name="kvm">The VM.</param>
    public LoongArchV20(Kvm kvm)
        : base(kvm, "loongarch-v20")
    {
    }

    private delegate bool KvmPteOps(Pte pte, out Pte changed);

    // KVM_MMU_CACHE_MIN_PAGES.
    private int CacheMinPages => Geometry.Levels - 1;

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
    /// <remarks>Mirrors: kvm_unmap_gfn_range(). Locking: mmu_lock.</remarks>
    public override Coroutine<bool> UnmapGfnRange(Cpu cpu, KvmGfnRange range) => FlushRange(cpu, range.Start, range.End);

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
    /// <remarks>Mirrors: kvm_age_gfn(). Locking: mmu_lock.</remarks>
    public override Coroutine<bool> AgeGfn(Cpu cpu, KvmGfnRange range) =>
        PtwPgd(cpu, range.Start, range.End, new KvmPtwCtx(MkOldPte, NeedFlush: false));

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_flush_shadow_all(). Locking: none.</remarks>
    public override async Coroutine FlushShadowAll(Cpu cpu)
    {
        await FlushRange(cpu, default, new Gfn(GpaFrames));
        await Kvm.FlushRemoteTlbs(cpu);
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_flush_shadow_memslot(). Locking: takes mmu_lock.</remarks>
    public override async Coroutine FlushShadowMemslot(Cpu cpu, Memslot slot)
    {
        await cpu.Lock(Kvm.MmuLock);
        GfnRange gfns = slot.Gfns(cpu);
        if (await FlushRange(cpu, gfns.Start, gfns.End))
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
            if (await MkCleanGpaPt(cpu, gfns.Start, gfns.End))
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
        await MkCleanGpaPt(cpu, first + (ulong)ulong.TrailingZeroCount(mask), first + ulong.Log2(mask) + 1);
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: _kvm_destroy_mm(). Locking: none.</remarks>
    public override async Coroutine DestroyMm(Cpu cpu)
    {
        await FlushRange(cpu, default, new Gfn(GpaFrames));
        FreeTable(cpu, Root);
    }

    // kvm_map_page_fast(). Takes mmu_lock.
    private async Coroutine<int> MapPageFast(Cpu cpu, Gfn gfn, bool write)
    {
        Pfn pfn = default;
        bool pfnValid = false;
        bool pfnDirty = false;
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
                    pfnDirty = true;
                }
            }
        }

        await cpu.Unlock(Kvm.MmuLock);
        if (pfnValid)
        {
            await Kvm.SetPfnAccessed(cpu, pfn);
        }

        if (pfnDirty)
        {
            await Kvm.MarkPageDirty(cpu, gfn);
            await Kvm.SetPfnDirty(cpu, pfn);
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
            if (!await Kvm.MmuInvalidateRetry(cpu, mmuSeq))
            {
                break;
            }

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
            }
        }

        // Ensure page tables are allocated.
        await cpu.Lock(Kvm.MmuLock);
        Word ptep = await PopulateGpa(cpu, vcpu.MmuPageCache, gfn);
        ulong old = cpu.Read(ptep);
        var newPte = Pte.Of(page.Pfn, protBits);
        await cpu.WriteOnce(ptep, newPte.Value);
        TraceSetPte(cpu, gfn, old, newPte.Value);
        await cpu.Unlock(Kvm.MmuLock);

        if ((protBits & Dirty) != 0)
        {
            await Kvm.MarkPageDirty(cpu, gfn);
            await Kvm.SetPfnDirty(cpu, page.Pfn);
        }

        await Kvm.SetPfnAccessed(cpu, page.Pfn);
        await Kvm.ReleasePfnClean(cpu, page.Frame!);
        return 0;
    }

    // kvm_populate_gpa() with a cache. Caller holds mmu_lock.
    private async Coroutine<Word> PopulateGpa(Cpu cpu, MemoryCache cache, Gfn addr)
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

    // kvm_ptw_pte(): one pte table.
    private async Coroutine<bool> PtwPte(Cpu cpu, Word pmd, Gfn addr, Gfn end, KvmPtwCtx context)
    {
        bool ret = false;
        Gfn start = addr;
        Page table = TableOf(cpu.Read(pmd));
        for (int index = Geometry.IndexOf(addr, 0); addr != end; index++, addr = addr.Next)
        {
            var pte = new Pte(cpu.Read(table[index]));
            if (!pte.IsPresent)
            {
                continue;
            }

            if (context.Ops(pte, out Pte changed))
            {
                await cpu.WriteOnce(table[index], changed.Value);
                TraceSetPte(cpu, addr, pte.Value, changed.Value);
                ret = true;
            }
        }

        if (context.NeedFlush && start + Geometry.FramesPerEntry(1) == end)
        {
            await cpu.WriteOnce(pmd, 0); // pmd_clear
            FreeTable(cpu, table);
        }

        return ret;
    }

    // kvm_ptw_pmd(), kvm_ptw_pud(): one table between the pte tables and the pgd.
    private async Coroutine<bool> PtwDir(Cpu cpu, Word parent, Gfn addr, Gfn end, int level, KvmPtwCtx context)
    {
        bool ret = false;
        Gfn start = addr;
        Page table = TableOf(cpu.Read(parent));
        Gfn next;
        for (int index = Geometry.IndexOf(addr, level); addr != end; index++, addr = next)
        {
            next = Geometry.EndOfEntry(addr, end, level);
            if (cpu.Read(table[index]) == 0)
            {
                continue;
            }

            ret |= level == 1
                ? await PtwPte(cpu, table[index], addr, next, context)
                : await PtwDir(cpu, table[index], addr, next, level - 1, context);
        }

        if (context.NeedFlush && start + Geometry.FramesPerEntry(level + 1) == end)
        {
            await cpu.WriteOnce(parent, 0); // pud_clear, p4d_clear
            FreeTable(cpu, table);
        }

        return ret;
    }

    // kvm_ptw_pgd(): the top-level table.
    private async Coroutine<bool> PtwPgd(Cpu cpu, Gfn addr, Gfn end, KvmPtwCtx context)
    {
        bool ret = false;
        if (addr.Value > end.Value - 1)
        {
            return ret;
        }

        int level = Geometry.RootLevel;
        Gfn next;
        for (int index = Geometry.IndexOf(addr, level); addr != end; index++, addr = next)
        {
            next = Geometry.EndOfEntry(addr, end, level);
            if (cpu.Read(Root[index]) == 0)
            {
                continue;
            }

            ret |= level == 1
                ? await PtwPte(cpu, Root[index], addr, next, context)
                : await PtwDir(cpu, Root[index], addr, next, level - 1, context);
        }

        return ret;
    }

    // kvm_flush_range(). Caller is to hold mmu_lock.
    private Coroutine<bool> FlushRange(Cpu cpu, Gfn startGfn, Gfn endGfn) =>
        PtwPgd(cpu, startGfn, endGfn, new KvmPtwCtx(FlushPte, NeedFlush: true));

    // kvm_mkclean_gpa_pt(). Caller holds mmu_lock.
    private Coroutine<bool> MkCleanGpaPt(Cpu cpu, Gfn startGfn, Gfn endGfn) =>
        PtwPgd(cpu, startGfn, endGfn, new KvmPtwCtx(MkCleanPte, NeedFlush: false));

    // kvm_flush_pte().
    private static bool FlushPte(Pte pte, out Pte changed)
    {
        changed = default;
        return true;
    }

    // kvm_mkclean_pte().
    private static bool MkCleanPte(Pte pte, out Pte changed)
    {
        changed = pte.MkClean();
        return pte.IsDirty;
    }

    // kvm_mkold_pte().
    private static bool MkOldPte(Pte pte, out Pte changed)
    {
        changed = pte.MkOld();
        return pte.IsYoung;
    }

    // struct kvm_ptw_ctx.
    private readonly record struct KvmPtwCtx(KvmPteOps Ops, bool NeedFlush);
}
