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
public sealed class LoongArchV3 : MipsGpaTable
{
    /// <summary>The MMU of <paramref name="kvm"/>.</summary>
    /// <param name="kvm">The VM.</param>
    public LoongArchV3(Kvm kvm)
        : base(kvm, "loongarch-v3")
    {
    }

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
    /// <remarks>Mirrors: _kvm_destroy_mm(). Locking: none.</remarks>
    public override async Coroutine DestroyMm(Cpu cpu)
    {
        // It should always be safe to remove after flushing the whole range.
        (bool safeToRemove, _) = await FlushGpaRange(cpu, default, LastGfn);
        Kvm.WarnOn(cpu, !safeToRemove, "the top-level table cannot be removed after everything was flushed");
        FreeTable(cpu, Root);
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
}
