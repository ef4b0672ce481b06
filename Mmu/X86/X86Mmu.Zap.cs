namespace MmuStress.Mmu;

/// <content>Zapping, and dropping mmu_lock on the way. Mirrors: tdp_mmu.c (v6.9).</content>
public partial class X86Mmu
{
    /// <summary>tdp_mmu_iter_cond_resched(): drops mmu_lock where somebody wants it; the walk then begins again at the root.</summary>
    /// <returns>Whether it was dropped.</returns>
    private protected async Coroutine<bool> IterCondResched(Cpu cpu, TdpIter iter, bool flush, bool shared)
    {
        Kvm.WarnOn(cpu, iter.Yielded, "a walk yields that has yielded already");

        // Ensure forward progress has been made before yielding.
        if (!MayYieldAt(iter) || !await NeedsBreak(cpu))
        {
            return false;
        }

        await BeforeYield(cpu, flush);
        Rcu.ReadUnlock(cpu);
        if (shared)
        {
            await cpu.ReadUnlock(MmuLock);
            await cpu.ReadLock(MmuLock);
        }
        else
        {
            await cpu.Unlock(MmuLock);
            await cpu.Lock(MmuLock);
        }

        Rcu.ReadLock(cpu);
        Kvm.WarnOn(cpu, iter.Gfn > iter.NextLastLevelGfn, "a walk is beyond the frame it is on its way to");
        await AfterYield(cpu, iter);
        return true;
    }

    /// <summary>What a walk does that has dropped mmu_lock: the step to the next entry will begin again at the root instead.</summary>
    private protected virtual Coroutine AfterYield(Cpu cpu, TdpIter iter)
    {
        iter.Yielded = true;
        return Coroutine.Completed;
    }

    /// <summary>Whether the walk has got anywhere since it last yielded.</summary>
    private protected virtual bool MayYieldAt(TdpIter iter) => iter.NextLastLevelGfn != iter.YieldedGfn;

    /// <summary>What comes before mmu_lock is dropped: others must find TLBs that agree with the page table.</summary>
    private protected virtual Coroutine BeforeYield(Cpu cpu, bool flush) => flush ? Kvm.FlushRemoteTlbs(cpu) : Coroutine.Completed;

    private TdpIter NewIter(KvmMmuPage root, int minLevel, Gfn start) => new(this, root, minLevel, start);

    // tdp_mmu_zap_root(): everything, also where the root is invalid. Caller holds mmu_lock, and a reference.
    private protected async Coroutine ZapRoot(Cpu cpu, KvmMmuPage root, bool shared)
    {
        MmuLock.AssertHeld(cpu);

        // Or notifications could not reach it while mmu_lock is dropped.
        Kvm.WarnOn(cpu, await cpu.ReadOnce(root.RootCount) == 0, "a root is zapped that nobody holds");
        cpu.Log($"tdp_mmu_zap_root({root})");
        Rcu.ReadLock(cpu);
        if (Geometry.Levels > 2)
        {
            await ZapRootLevel(cpu, root, shared, Geometry.Levels - 1);
        }

        await ZapRootLevel(cpu, root, shared, Geometry.Levels);
        Rcu.ReadUnlock(cpu);
    }

    // __tdp_mmu_zap_root()
    private async Coroutine ZapRootLevel(Cpu cpu, KvmMmuPage root, bool shared, int zapLevel)
    {
        var end = new Gfn(Geometry.Frames); // tdp_mmu_max_gfn_exclusive()
        TdpIter iter = NewIter(root, zapLevel, default);
        for (bool more = await iter.Start(cpu, end); more; more = await iter.Next(cpu, end))
        {
            while (true)
            {
                if (await IterCondResched(cpu, iter, flush: false, shared) || !Spte.IsShadowPresent(iter.OldSpte) || iter.Level > zapLevel)
                {
                    break;
                }

                if (!shared)
                {
                    await IterSetSpte(cpu, iter, Spte.NonPresent);
                    break;
                }

                if (await SetSpteAtomic(cpu, iter, Spte.NonPresent))
                {
                    break;
                }
            }
        }
    }

    // tdp_mmu_zap_leafs(): whether TLBs must be flushed before mmu_lock is given back. Caller holds mmu_lock for write.
    private async Coroutine<bool> ZapLeafs(Cpu cpu, KvmMmuPage root, Gfn start, Gfn end, bool canYield, bool flush)
    {
        MmuLock.AssertHeld(cpu);
        Rcu.ReadLock(cpu);
        TdpIter iter = NewIter(root, TdpIter.Level4K, start);
        for (bool more = await iter.Start(cpu, end); more; more = await iter.Next(cpu, end))
        {
            if (canYield && await IterCondResched(cpu, iter, flush, shared: false))
            {
                flush = false;
                continue;
            }

            if (!Spte.IsShadowPresent(iter.OldSpte) || iter.Level != TdpIter.Level4K)
            {
                continue;
            }

            await IterSetSpte(cpu, iter, Spte.NonPresent);

            // Zapping SPTEs in invalid roots doesn't require a TLB flush, see kvm_tdp_mmu_zap_invalidated_roots().
            if (cpu.Read(root.Invalid) == 0)
            {
                flush = true;
            }
        }

        Rcu.ReadUnlock(cpu);
        return flush;
    }

    // need_resched() || rwlock_needbreak(&kvm->mmu_lock)
    private async Coroutine<bool> NeedsBreak(Cpu cpu) => Kvm.Parameters.NeedBreak switch
    {
        NeedBreak.Never => false,
        NeedBreak.Always => true,
        _ => await cpu.Choose(2) != 0,
    };
}
