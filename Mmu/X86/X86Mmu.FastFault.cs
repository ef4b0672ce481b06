namespace MmuStress.Mmu;

/// <content>The fast path: an entry that was write-protected for dirty logging, or tracked for accesses, is mended without mmu_lock. Mirrors: mmu.c (v6.9).</content>
public partial class X86Mmu
{
    private const int MostRetries = 4;

    // fast_page_fault()
    private protected async Coroutine<RetPf> FastPageFault(Cpu cpu, Vcpu vcpu, KvmPageFault fault)
    {
        RetPf ret = RetPf.Invalid;
        Rcu.ReadLock(cpu); // kvm_tdp_mmu_walk_lockless_begin()
        for (int retryCount = 0; retryCount <= MostRetries; retryCount++)
        {
            (Word sptep, ulong spte) = await GetLastSptep(cpu, vcpu, fault.Gfn);
            if (!Spte.IsShadowPresent(spte) || Spte.IsRemoved(spte))
            {
                break;
            }

            // Somebody else has mended it, or a TLB is flushed lazily.
            if (IsAccessAllowed(fault, spte))
            {
                ret = RetPf.Spurious;
                break;
            }

            ulong newSpte = Spte.IsAccessTrack(spte) ? Spte.RestoreAccTrack(spte) : spte;
            if (fault.Write && Spte.IsMmuWritable(spte))
            {
                newSpte |= Spte.Writable;
            }

            // Verify that the fault can be handled in the fast path.
            if (newSpte == spte || !IsAccessAllowed(fault, newSpte))
            {
                break;
            }

            if (await FastPfFixDirectSpte(cpu, fault, sptep, spte, newSpte))
            {
                Kvm.Tracepoints?.FaultFixedFast(cpu, vcpu, fault.Gfn);
                ret = RetPf.Fixed;
                break;
            }
        }

        Rcu.ReadUnlock(cpu); // kvm_tdp_mmu_walk_lockless_end()
        return ret;
    }

    // is_access_allowed()
    private static bool IsAccessAllowed(KvmPageFault fault, ulong spte) => fault.Write ? Spte.IsWritable(spte) : !Spte.IsAccessTrack(spte);

    // kvm_tdp_mmu_fast_pf_get_last_sptep()
    private async Coroutine<(Word Sptep, ulong OldSpte)> GetLastSptep(Cpu cpu, Vcpu vcpu, Gfn gfn)
    {
        TdpIter iter = NewIter(LoadedRoot(vcpu)!, TdpIter.Level4K, gfn);
        (Word Sptep, ulong OldSpte) last = default;
        for (bool more = await iter.Start(cpu, gfn.Next); more; more = await iter.Next(cpu, gfn.Next))
        {
            last = iter.Level == TdpIter.Level4K ? (iter.Sptep, iter.OldSpte) : default; // only the last level is mended here
        }

        return last;
    }

    // fast_pf_fix_direct_spte(): the checkers that look at entries are not told, as nothing keeps the host from changing its mind meanwhile.
    private async Coroutine<bool> FastPfFixDirectSpte(Cpu cpu, KvmPageFault fault, Word sptep, ulong oldSpte, ulong newSpte)
    {
        if (await cpu.CmpXchg(sptep, oldSpte, newSpte) != oldSpte)
        {
            return false;
        }

        cpu.Log($"  fast_pf_fix_direct_spte(gfn {fault.Gfn} -> {DecodeLeaf(newSpte, 0, fault.Gfn)})");
        if (Spte.IsWritable(newSpte) && !Spte.IsWritable(oldSpte))
        {
            await Kvm.MarkPageDirtyInSlot(cpu, fault.Slot, fault.Gfn);
        }

        return true;
    }
}
