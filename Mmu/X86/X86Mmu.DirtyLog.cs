namespace MmuStress.Mmu;

/// <content>Dirty log by write protection, and aging. Mirrors: tdp_mmu.c, mmu.c and x86.c (v6.9).</content>
public partial class X86Mmu
{
    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_tdp_mmu_age_gfn_range(), age_gfn_range() without A bits. Locking: mmu_lock for write.</remarks>
    public sealed override async Coroutine<bool> AgeGfn(Cpu cpu, KvmGfnRange range)
    {
        bool young = false;
        await ReadRoots(cpu);
        foreach (KvmMmuPage root in tdpMmuRoots) // for_each_tdp_mmu_root()
        {
            Rcu.ReadLock(cpu);
            TdpIter iter = NewIter(root, TdpIter.Level4K, range.Start);
            for (bool more = await iter.Start(cpu, range.End); more; more = await iter.Next(cpu, range.End))
            {
                if (IsPresentLeaf(iter) && Spte.IsAccessed(iter.OldSpte))
                {
                    await AgeSpte(cpu, iter);
                    young = true;
                }
            }

            Rcu.ReadUnlock(cpu);
        }

        return young;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Mirrors: kvm_tdp_mmu_test_age_gfn(), test_age_gfn(). Locking: mmu_lock for write.
    /// Differs: reads plainly what nobody but the fast path may write then, in one step.
    /// </remarks>
    public sealed override bool TestAgeGfn(Cpu cpu, KvmGfnRange range) => Kvm.PeekLeaf(range.Start) is { Present: true, Young: true };

    /// <inheritdoc/>
    /// <remarks>
    /// Mirrors: kvm_arch_commit_memory_region(), kvm_mmu_slot_apply_flags(), kvm_mmu_slot_remove_write_access(). Locking: takes mmu_lock for read.
    /// Differs: no huge pages, so nothing is zapped to be mapped huge again when logging goes off.
    /// </remarks>
    public sealed override async Coroutine CommitMemoryRegion(Cpu cpu, Memslot? old, Memslot? @new, MemslotChange change)
    {
        bool logs = change == MemslotChange.FlagsOnly && !old!.IsDirtyTrackEnabled(cpu) && @new!.IsDirtyTrackEnabled(cpu);
        if (!logs || Kvm.Parameters.IsManualProtectAndInitSet)
        {
            return;
        }

        GfnRange gfns = @new!.Gfns(cpu);
        await cpu.ReadLock(MmuLock);
        for (KvmMmuPage? root = await NextRoot(cpu, null, onlyValid: true); root is not null; root = await NextRoot(cpu, root, onlyValid: true))
        {
            await WrprotGfnRange(cpu, root, gfns); // kvm_tdp_mmu_wrprot_slot()
        }

        await cpu.ReadUnlock(MmuLock);

        // Unconditionally flush the TLBs after enabling dirty logging.
        await Kvm.FlushRemoteTlbs(cpu);
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_mmu_write_protect_pt_masked(), kvm_tdp_mmu_clear_dirty_pt_masked(), clear_dirty_pt_masked(). Locking: mmu_lock for write.</remarks>
    public sealed override async Coroutine EnableLogDirtyPtMasked(Cpu cpu, Memslot slot, ulong gfnOffset, ulong mask)
    {
        MmuLock.AssertHeld(cpu);
        Gfn first = slot.BaseGfn(cpu) + gfnOffset;
        await ReadRoots(cpu);
        foreach (KvmMmuPage root in tdpMmuRoots)
        {
            if (cpu.Read(root.Invalid) == 0) // for_each_valid_tdp_mmu_root()
            {
                await ClearDirtyPtMasked(cpu, root, first, mask);
            }
        }
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_flush_remote_tlbs_memslot(). Locking: slots_lock.</remarks>
    public sealed override Coroutine FlushRemoteTlbsMemslot(Cpu cpu, Memslot slot)
    {
        Kvm.SlotsLock.AssertHeld(cpu);
        return Kvm.FlushRemoteTlbs(cpu);
    }

    private static bool IsPresentLeaf(TdpIter iter) => Spte.IsShadowPresent(iter.OldSpte) && iter.Level == TdpIter.Level4K;

    // age_gfn_range(). Caller holds mmu_lock for write.
    private async Coroutine AgeSpte(Cpu cpu, TdpIter iter)
    {
        // Capture the dirty status of the page, so that it doesn't get lost when the SPTE is marked for access tracking.
        if (Spte.IsWritable(iter.OldSpte))
        {
            await Kvm.SetPfnDirty(cpu, new Pfn(Spte.ToPfn(iter.OldSpte)));
        }

        ulong newSpte = Spte.MarkForAccessTrack(iter.OldSpte);
        iter.OldSpte = await WriteSpte(cpu, iter.Sptep, iter.OldSpte, newSpte, iter.Level);
        TraceSetSpte(cpu, iter.Gfn, iter.OldSpte, newSpte);
    }

    // wrprot_gfn_range(). Caller holds mmu_lock for read.
    private async Coroutine WrprotGfnRange(Cpu cpu, KvmMmuPage root, GfnRange gfns)
    {
        Rcu.ReadLock(cpu);
        TdpIter iter = NewIter(root, TdpIter.Level4K, gfns.Start);
        for (bool more = await iter.Start(cpu, gfns.End); more; more = await iter.Next(cpu, gfns.End))
        {
            while (!await IterCondResched(cpu, iter, flush: false, shared: true) && IsPresentLeaf(iter) && Spte.IsWritable(iter.OldSpte) &&
                !await SetSpteAtomic(cpu, iter, iter.OldSpte & ~Spte.Writable))
            {
                cpu.Log($"  retry of gfn {iter.Gfn}");
            }
        }

        Rcu.ReadUnlock(cpu);
    }

    // clear_dirty_pt_masked() with wrprot. Caller holds mmu_lock for write.
    private async Coroutine ClearDirtyPtMasked(Cpu cpu, KvmMmuPage root, Gfn first, ulong mask)
    {
        Gfn end = first + ulong.Log2(mask) + 1; // the walk breaks off where no bit is left
        Rcu.ReadLock(cpu);
        TdpIter iter = NewIter(root, TdpIter.Level4K, first + (ulong)ulong.TrailingZeroCount(mask));
        for (bool more = await iter.Start(cpu, end); more; more = await iter.Next(cpu, end))
        {
            if (!IsPresentLeaf(iter) || (mask & (1UL << (int)(iter.Gfn - first))) == 0 || !Spte.IsWritable(iter.OldSpte))
            {
                continue;
            }

            iter.OldSpte = await ClearSpteBits(cpu, iter.Sptep, iter.OldSpte, Spte.Writable);
            TraceSetSpte(cpu, iter.Gfn, iter.OldSpte, iter.OldSpte & ~Spte.Writable);
            await Kvm.SetPfnDirty(cpu, new Pfn(Spte.ToPfn(iter.OldSpte)));
        }

        Rcu.ReadUnlock(cpu);
    }
}
