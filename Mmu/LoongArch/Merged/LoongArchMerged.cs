using static MmuStress.Mmu.LoongArchPteBits;

namespace MmuStress.Mmu;

/// <summary>LoongArch's MMU as merged, at commit 0fe133a33e4c of the kernel.</summary>
/// <remarks>
/// Mirrors: arch/loongarch/kvm/mmu.c at 0fe133a33e4c. It mends v20 where that matters most: the retry check is under mmu_lock and
/// knows the range, notifiers free no tables, tables are freed after the flush, a barrier precedes linking, the fast path takes a
/// reference, the faulting address is flushed at the next guest entry, write protection honours the mask.
/// What is left: kvm_arch_flush_shadow_all() takes no lock (LA20-7), tables are freed without a flush where no entry was cleared (LA-U2),
/// mmu_lock is dropped before the flush, so that a notification in between finds nothing to flush (LA-U4), pages are marked dirty after
/// unlock (LA20-13), retrying holds SRCU (LA20-16).
/// Differs: no huge pages; pages are always valid memory; unlinked tables are kept in a list beside them, where the kernel chains them
/// through their own first two words while they are still linked; that kernel has no change_pte, so nothing is done about one here: the
/// start that precedes it has zapped the entry.
/// </remarks>
public class LoongArchMerged : LoongArchMmu
{
    /// <summary>The MMU of <paramref name="kvm"/>.</summary>
    /// <param name="kvm">The VM.</param>
    public LoongArchMerged(Kvm kvm)
        : this(kvm, "loongarch")
    {
    }

    private protected LoongArchMerged(Kvm kvm, string name)
        : base(kvm, name)
    {
    }

    private protected delegate bool KvmPteOps(KvmPte pte, Gfn addr, in KvmPtwCtx context, out KvmPte changed);

    // KVM_MMU_CACHE_MIN_PAGES.
    private int CacheMinPages => Geometry.Levels - 1;

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_handle_mm_fault().</remarks>
    public sealed override async Coroutine<int> HandleMmFault(Cpu cpu, Vcpu vcpu, Gpa gpa, bool write)
    {
        int ret = await MapPage(cpu, vcpu, gpa, write);
        if (ret == 0)
        {
            // Invalidate this entry in the TLB: at the next guest entry, on the CPU that enters.
            vcpu.FlushGpa = gpa;
            await vcpu.MakeRequest(cpu, Request.TlbFlushGpa);
        }

        Kvm.Tracepoints?.FaultHandled(cpu, vcpu, gpa, write, ret);
        return ret;
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_unmap_gfn_range(). Locking: mmu_lock.</remarks>
    public override Coroutine<bool> UnmapGfnRange(Cpu cpu, KvmGfnRange range) =>
        PtwTop(cpu, range.Start, range.End, new KvmPtwCtx(FlushPte));

    /// <inheritdoc/>
    /// <remarks>Differs: kvm_set_spte_gfn() went with change_pte in v6.10. Locking: mmu_lock.</remarks>
    public sealed override Coroutine<bool> SetSpteGfn(Cpu cpu, KvmGfnRange range) => new(false);

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_age_gfn(). Locking: mmu_lock.</remarks>
    public sealed override Coroutine<bool> AgeGfn(Cpu cpu, KvmGfnRange range) =>
        PtwTop(cpu, range.Start, range.End, new KvmPtwCtx(MkOldPte));

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_flush_shadow_all(). Locking: none.</remarks>
    public override Coroutine FlushShadowAll(Cpu cpu) => FlushRange(cpu, default, new Gfn(GpaFrames), takeLock: false);

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_flush_shadow_memslot(). Locking: takes mmu_lock.</remarks>
    public sealed override Coroutine FlushShadowMemslot(Cpu cpu, Memslot slot)
    {
        GfnRange gfns = slot.Gfns(cpu);
        return FlushRange(cpu, gfns.Start, gfns.End, takeLock: true);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Mirrors: kvm_arch_prepare_memory_region().
    /// Differs: the flags for huge pages are not set. The generic code has already refused what is refused here.
    /// </remarks>
    public sealed override int PrepareMemoryRegion(Cpu cpu, Memslot? old, Memslot? @new, MemslotChange change)
    {
        if (change is not (MemslotChange.Move or MemslotChange.Create))
        {
            return 0;
        }

        return @new!.Gfns(cpu).End.Value > GpaFrames ? -Errno.ENOMEM : 0;
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_commit_memory_region(). Locking: takes mmu_lock.</remarks>
    public sealed override async Coroutine CommitMemoryRegion(Cpu cpu, Memslot? old, Memslot? @new, MemslotChange change)
    {
        // Only track memslot flags changed; discard dirty page tracking on readonly memslot.
        if (change != MemslotChange.FlagsOnly || (old!.IsReadOnly(cpu) && @new!.IsReadOnly(cpu)))
        {
            return;
        }

        // Initially-all-set does not require write protecting any page because they're all assumed to be dirty.
        if (!EnablesLogging(cpu, old, @new, change) || Kvm.Parameters.IsManualProtectAndInitSet)
        {
            return;
        }

        await cpu.Lock(Kvm.MmuLock);
        GfnRange gfns = @new!.Gfns(cpu);
        bool needsFlush = await PtwTop(cpu, gfns.Start, gfns.End, new KvmPtwCtx(MkCleanPte)); // kvm_mkclean_gpa_pt
        await cpu.Unlock(Kvm.MmuLock);
        if (needsFlush)
        {
            await Kvm.FlushRemoteTlbs(cpu);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_mmu_enable_log_dirty_pt_masked(). Locking: mmu_lock.</remarks>
    public sealed override async Coroutine EnableLogDirtyPtMasked(Cpu cpu, Memslot slot, ulong gfnOffset, ulong mask)
    {
        Gfn first = slot.BaseGfn(cpu) + gfnOffset;
        var context = new KvmPtwCtx(MkCleanPte, HasPgmask: true, mask, first);
        await PtwTop(cpu, first + (ulong)ulong.TrailingZeroCount(mask), first + ulong.Log2(mask) + 1, context);
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: free_page(kvm->arch.pgd) in kvm_arch_destroy_vm(): the tables below went with release. Locking: none.</remarks>
    public sealed override Coroutine DestroyMm(Cpu cpu)
    {
        FreeTable(cpu, Root);
        return default;
    }

    // kvm_flush_range(). Takes mmu_lock if told so.
    private protected virtual async Coroutine FlushRange(Cpu cpu, Gfn startGfn, Gfn endGfn, bool takeLock)
    {
        List<Page> list = new(0);
        var context = new KvmPtwCtx(FlushPte, List: list);
        bool ret;
        if (takeLock)
        {
            await cpu.Lock(Kvm.MmuLock);
            ret = await PtwTop(cpu, startGfn, endGfn, context);
            await cpu.Unlock(Kvm.MmuLock);
        }
        else
        {
            ret = await PtwTop(cpu, startGfn, endGfn, context);
        }

        // Flush vpid for each vCPU individually.
        if (ret)
        {
            await Kvm.FlushRemoteTlbs(cpu);
        }

        FreeTables(cpu, list);
    }

    // Frees the tables after mmu_lock, in the order in which they were unlinked.
    private protected void FreeTables(Cpu cpu, List<Page> list)
    {
        foreach (Page table in list)
        {
            FreeTable(cpu, table);
        }
    }

    // kvm_ptw_top(): the top-level table. Caller is to hold mmu_lock.
    private protected async Coroutine<bool> PtwTop(Cpu cpu, Gfn addr, Gfn end, KvmPtwCtx context)
    {
        bool ret = false;
        int level = Geometry.RootLevel;
        Gfn next;
        for (int index = Geometry.IndexOf(addr, level); addr < end; index++, addr = next)
        {
            next = Geometry.EndOfEntry(addr, end, level);
            if (cpu.Read(Root[index]) == 0)
            {
                continue;
            }

            ret |= level == 1
                ? await PtwLeaf(cpu, Root[index], addr, next, context)
                : await PtwDir(cpu, Root[index], addr, next, level - 1, context);
        }

        return ret;
    }

    private protected static bool FlushPte(KvmPte pte, Gfn addr, in KvmPtwCtx context, out KvmPte changed)
    {
        changed = default;
        return true;
    }

    // kvm_ptw_dir(): one table between the pte tables and the pgd.
    private async Coroutine<bool> PtwDir(Cpu cpu, Word dir, Gfn addr, Gfn end, int level, KvmPtwCtx context)
    {
        bool ret = false;
        Gfn start = addr;
        Page child = TableOf(cpu.Read(dir));
        Gfn next;
        for (int index = Geometry.IndexOf(addr, level); addr < end; index++, addr = next)
        {
            next = Geometry.EndOfEntry(addr, end, level);
            if (cpu.Read(child[index]) == 0)
            {
                continue;
            }

            ret |= level == 1
                ? await PtwLeaf(cpu, child[index], addr, next, context)
                : await PtwDir(cpu, child[index], addr, next, level - 1, context);
        }

        if (context.NeedFlush && start + Geometry.FramesPerEntry(level + 1) == end)
        {
            context.List!.Add(child);
            await cpu.WriteOnce(dir, 0);
        }

        return ret;
    }

    // kvm_ptw_leaf(): one pte table.
    private async Coroutine<bool> PtwLeaf(Cpu cpu, Word dir, Gfn addr, Gfn end, KvmPtwCtx context)
    {
        bool ret = false;
        Gfn start = addr;
        Page child = TableOf(cpu.Read(dir));
        for (int index = Geometry.IndexOf(addr, 0); addr < end; index++, addr = addr.Next)
        {
            var pte = new KvmPte(cpu.Read(child[index]));
            if (!pte.IsPresent)
            {
                continue;
            }

            if (context.Ops(pte, addr, context, out KvmPte changed))
            {
                await cpu.WriteOnce(child[index], changed.Value);
                TraceSetPte(cpu, addr, pte.Value, changed.Value);
                ret = true;
            }
        }

        if (context.NeedFlush && start + Geometry.FramesPerEntry(1) == end)
        {
            context.List!.Add(child);
            await cpu.WriteOnce(dir, 0);
        }

        return ret;
    }

    // kvm_mkold_pte().
    private static bool MkOldPte(KvmPte pte, Gfn addr, in KvmPtwCtx context, out KvmPte changed)
    {
        changed = pte.MkOld();
        return pte.IsYoung;
    }

    // kvm_mkclean_pte().
    private static bool MkCleanPte(KvmPte pte, Gfn addr, in KvmPtwCtx context, out KvmPte changed)
    {
        changed = pte.MkClean();
        if (context.HasPgmask && (context.Mask & (1UL << (int)(addr - context.FirstGfn))) == 0)
        {
            return false;
        }

        return pte.IsDirty;
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
                cpu.Fill(child, 0); // _kvm_pte_init
                await cpu.Wmb(); // make pte visible before pmd
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

    // kvm_map_page_fast(). Takes mmu_lock.
    private async Coroutine<int> MapPageFast(Cpu cpu, Gfn gfn, bool write)
    {
        await cpu.Lock(Kvm.MmuLock);

        // Fast path - just check GPA page table for an existing entry.
        KvmPte pte = TryFindPte(cpu, gfn, out Word ptep) ? new KvmPte(cpu.Read(ptep)) : default;
        if (!pte.IsPresent)
        {
            await cpu.Unlock(Kvm.MmuLock);
            return -Errno.EFAULT;
        }

        // Track access to pages marked old.
        KvmPte @new = pte.MkYoung();
        if (write && !@new.IsDirty)
        {
            if (!@new.IsWrite)
            {
                await cpu.Unlock(Kvm.MmuLock);
                return -Errno.EFAULT;
            }

            // Track dirtying of writeable pages.
            @new = @new.MkDirty();
        }

        var changed = new KvmPte(@new.Value ^ pte.Value);
        if (changed.Value == 0)
        {
            await cpu.Unlock(Kvm.MmuLock);
            return 0;
        }

        await cpu.WriteOnce(ptep, @new.Value);
        TraceSetPte(cpu, gfn, pte.Value, @new.Value);
        Frame page = Kvm.Mm.Memory.FrameAt(@new.Pfn);
        await Kvm.Mm.Memory.Get(cpu, page);
        if (changed.IsDirty && MarksDirtyUnderLock)
        {
            await Kvm.MarkPageDirty(cpu, gfn);
        }

        await cpu.Unlock(Kvm.MmuLock);

        if (changed.IsYoung)
        {
            await page.MarkAccessed(cpu);
        }

        await Kvm.Mm.Memory.Put(cpu, page);
        if (changed.IsDirty && !MarksDirtyUnderLock)
        {
            await Kvm.MarkPageDirty(cpu, gfn);
        }

        return 0;
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
            err = await MapPageSlow(cpu, vcpu, gfn, write);
        }
        else
        {
            Kvm.Tracepoints?.FaultFixedFast(cpu, vcpu, gfn);
        }

        await cpu.SrcuReadUnlock(Kvm.Srcu, srcuIndex);
        return err;
    }

    // Whether mark_page_dirty() comes before mmu_lock is given back, so that no harvest comes in between.
    private protected virtual bool MarksDirtyUnderLock => false;

    // The page behind a frame, looked up after the snapshot of mmu_invalidate_seq. Caller is in an SRCU section.
    private protected virtual Coroutine<UserPage> FaultinPfn(Cpu cpu, Gfn gfn, bool write) => Kvm.GfnToPfnProt(cpu, gfn, write);

    // What a fault ends with for which there is no page. Caller is in the SRCU section in which it looked the memslot up.
    private protected virtual Coroutine<int> AnswerWithoutPage(Cpu cpu, Memslot? memslot, Gfn gfn) => new(-Errno.EFAULT);

    // The rest of kvm_map_page(), from gfn_to_memslot() on.
    private async Coroutine<int> MapPageSlow(Cpu cpu, Vcpu vcpu, Gfn gfn, bool write)
    {
        Memslot? memslot = await Kvm.GfnToMemslot(cpu, gfn);
        if (!Kvm.TryGfnToHvaMemslotProt(cpu, memslot, gfn, out _, out bool writeable) || (write && !writeable))
        {
            return await AnswerWithoutPage(cpu, memslot, gfn);
        }

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
            page = await FaultinPfn(cpu, gfn, write);
            if (!page.Ok)
            {
                return await AnswerWithoutPage(cpu, memslot, gfn);
            }

            // Check if an invalidation has taken place since we got pfn.
            await cpu.Lock(Kvm.MmuLock);
            if (!Kvm.MmuInvalidateRetryGfn(cpu, mmuSeq, gfn))
            {
                break;
            }

            await cpu.Unlock(Kvm.MmuLock);
            await Kvm.ReleasePfnClean(cpu, page.Frame!);
            if (retryNo >= Kvm.Parameters.RetriesBeforeSchedule)
            {
                retryNo = 0;
                await cpu.CondResched();
            }

            retryNo++;
        }

        ulong protBits = Present | Readable | CacheCoherent | (page.IsPrivate ? Private : 0);
        if (page.Writable)
        {
            protBits |= Write;
            if (write)
            {
                protBits |= Writeable;
            }
        }

        // Ensure page tables are allocated.
        Word ptep = await PopulateGpa(cpu, vcpu.MmuPageCache, gfn);
        ulong old = cpu.Read(ptep);
        var newPte = KvmPte.Of(page.Pfn, protBits);
        await cpu.WriteOnce(ptep, newPte.Value);
        TraceSetPte(cpu, gfn, old, newPte.Value);
        if (page.Writable)
        {
            await Kvm.SetPfnDirty(cpu, page.Pfn);
        }

        bool isDirtied = (protBits & Dirty) != 0;
        if (isDirtied && MarksDirtyUnderLock)
        {
            await Kvm.MarkPageDirtyInSlot(cpu, memslot, gfn);
        }

        await cpu.Unlock(Kvm.MmuLock);

        if (isDirtied && !MarksDirtyUnderLock)
        {
            await Kvm.MarkPageDirtyInSlot(cpu, memslot, gfn);
        }

        await Kvm.ReleasePfnClean(cpu, page.Frame!);
        return 0;
    }

    // struct kvm_ptw_ctx; a list means _KVM_FLUSH_PGTABLE.
    private protected readonly record struct KvmPtwCtx(
        KvmPteOps Ops,
        bool HasPgmask = false,
        ulong Mask = 0,
        Gfn FirstGfn = default,
        List<Page>? List = null)
    {
        public bool NeedFlush => List is not null;
    }
}
