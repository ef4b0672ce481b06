namespace MmuStress.Mmu;

/// <content>Changing an entry, and what follows from it. Mirrors: tdp_mmu.c and tdp_iter.h (v6.9).</content>
public partial class X86Mmu
{
    // tdp_mmu_set_spte_atomic(): 0 if the entry was what the walk saw. Caller holds mmu_lock for read.
    private protected async Coroutine<bool> SetSpteAtomic(Cpu cpu, TdpIter iter, ulong newSpte)
    {
        MmuLock.AssertHeld(cpu);
        Kvm.WarnOn(cpu, iter.Yielded || Spte.IsRemoved(iter.OldSpte), "an entry is changed by a walk that yielded, or one that is frozen");

        // fast_pf_fix_direct_spte() can also modify TDP MMU SPTEs and does not hold the mmu_lock.
        ulong seen = await cpu.CmpXchg(iter.Sptep, iter.OldSpte, newSpte);
        if (seen != iter.OldSpte)
        {
            iter.OldSpte = seen;
            return false;
        }

        await HandleChangedSpte(cpu, iter.Gfn, iter.OldSpte, newSpte, iter.Level, shared: true);
        return true;
    }

    // tdp_mmu_iter_set_spte(), tdp_mmu_set_spte(). Caller holds mmu_lock for write.
    private protected async Coroutine IterSetSpte(Cpu cpu, TdpIter iter, ulong newSpte)
    {
        MmuLock.AssertHeld(cpu);
        Kvm.WarnOn(cpu, iter.Yielded || Spte.IsRemoved(iter.OldSpte) || Spte.IsRemoved(newSpte), "an entry is set by a walk that yielded, or is frozen");
        iter.OldSpte = await WriteSpte(cpu, iter.Sptep, iter.OldSpte, newSpte, iter.Level);
        await HandleChangedSpte(cpu, iter.Gfn, iter.OldSpte, newSpte, iter.Level, shared: false);
    }

    /// <summary>kvm_tdp_mmu_write_spte(): what the entry held, which may be newer than what the walk saw.</summary>
    /// <remarks>The fast path may change a last-level entry at any time, so that it is exchanged and not overwritten.</remarks>
    private protected virtual async Coroutine<ulong> WriteSpte(Cpu cpu, Word sptep, ulong oldSpte, ulong newSpte, int level)
    {
        // kvm_tdp_mmu_spte_need_atomic_write()
        if (Spte.IsShadowPresent(oldSpte) && level == TdpIter.Level4K && Spte.HasVolatileBits(oldSpte))
        {
            return await cpu.Xchg(sptep, newSpte);
        }

        await cpu.WriteOnce(sptep, newSpte);
        return oldSpte;
    }

    // tdp_mmu_clear_spte_bits(): only bits, whatever else has changed.
    private protected async Coroutine<ulong> ClearSpteBits(Cpu cpu, Word sptep, ulong oldSpte, ulong mask)
    {
        if (Spte.HasVolatileBits(oldSpte))
        {
            return await cpu.FetchAndNot(sptep, mask);
        }

        await cpu.WriteOnce(sptep, oldSpte & ~mask);
        return oldSpte;
    }

    /// <summary>handle_changed_spte(): what was written is told to the host's page, and what hung on the entry goes.</summary>
    private protected async Coroutine HandleChangedSpte(Cpu cpu, Gfn gfn, ulong oldSpte, ulong newSpte, int level, bool shared)
    {
        bool wasPresent = Spte.IsShadowPresent(oldSpte);
        bool isPresent = Spte.IsShadowPresent(newSpte);
        bool wasLeaf = wasPresent && level == TdpIter.Level4K;
        bool isLeaf = isPresent && level == TdpIter.Level4K;
        bool pfnChanged = Spte.ToPfn(oldSpte) != Spte.ToPfn(newSpte);

        // A notifier handler should be zapping the SPTE before the main MM's page table is changed.
        Kvm.WarnOn(cpu, wasLeaf && isLeaf && pfnChanged, "a present leaf SPTE is replaced by one of a different PFN");
        if (oldSpte == newSpte)
        {
            return;
        }

        if (level == TdpIter.Level4K)
        {
            TraceSetSpte(cpu, gfn, oldSpte, newSpte);
        }

        if (wasLeaf && Spte.IsWritable(oldSpte) && (!isPresent || !Spte.IsWritable(newSpte) || pfnChanged))
        {
            await Kvm.SetPfnDirty(cpu, new Pfn(Spte.ToPfn(oldSpte)));
        }

        // Recursively handle child PTs if the change removed a subtree from the paging structure.
        if (wasPresent && !wasLeaf && !isPresent)
        {
            await HandleRemovedPt(cpu, ChildPt(oldSpte), gfn, level - 1, shared);
        }

        if (wasLeaf && Spte.IsAccessed(oldSpte) && (!isPresent || !Spte.IsAccessed(newSpte) || pfnChanged))
        {
            await Kvm.SetPfnAccessed(cpu, new Pfn(Spte.ToPfn(oldSpte)));
        }
    }

    // handle_removed_pt(): freezes each entry of a table that is linked no more, then has RCU free it.
    private async Coroutine HandleRemovedPt(Cpu cpu, Page pt, Gfn baseGfn, int level, bool shared)
    {
        for (int i = 0; i < Geometry.EntriesPerTable; i++)
        {
            Word sptep = pt[i];
            Gfn gfn = baseGfn + ((ulong)i * Geometry.FramesPerEntry(level - 1));
            ulong oldSpte;
            if (shared)
            {
                // Another thread handling a page fault could overwrite it, so set the SPTE until it is set from some other value.
                while (Spte.IsRemoved(oldSpte = await cpu.Xchg(sptep, Spte.Removed)))
                {
                    await cpu.Mb(); // cpu_relax()
                }
            }
            else
            {
                oldSpte = await ReadSpte(cpu, sptep);
                if (!Spte.IsShadowPresent(oldSpte))
                {
                    continue;
                }

                oldSpte = await WriteSpte(cpu, sptep, oldSpte, Spte.Removed, level);
            }

            await HandleChangedSpte(cpu, gfn, oldSpte, Spte.Removed, level, shared);
        }

        cpu.Machine.MadeProgress();
        cpu.Log($"  call_rcu(table {pt.FrameNumber})");
        Rcu.Call(cpu, reader =>
        {
            reader.Machine.Memory.FreePage(reader, pt);
            reader.Log($"  free_page(table {pt.FrameNumber})");
            Kvm.Tracepoints?.TableFreed(reader, Kvm, pt);
        });
    }

    // trace_kvm_tdp_mmu_spte_changed() of a last-level entry.
    private protected void TraceSetSpte(Cpu cpu, Gfn gfn, ulong oldSpte, ulong newSpte)
    {
        LeafEntry now = DecodeLeaf(newSpte, 0, gfn);
        cpu.Log($"  set_spte(gfn {gfn} -> {now})");
        LeafWritten(cpu, gfn, DecodeLeaf(oldSpte, 0, gfn), now);
    }
}
