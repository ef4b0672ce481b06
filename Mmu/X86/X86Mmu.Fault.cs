namespace MmuStress.Mmu;

/// <content>Faults. Mirrors: kvm_tdp_mmu_page_fault() and what it calls in mmu.c, kvm_tdp_mmu_map() in tdp_mmu.c (v6.9).</content>
public partial class X86Mmu
{
    /// <summary>RET_PF_*: how a fault ended, or that it goes on.</summary>
    private protected enum RetPf
    {
        Continue,
        Retry,
        Emulate,
        Invalid,
        Fixed,
        Spurious,
    }

    private int CacheMinPages => Geometry.Levels; // mmu_topup_memory_caches(): PT64_ROOT_MAX_LEVEL

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_mmu_do_page_fault(), kvm_mmu_page_fault(): RET_PF_RETRY and RET_PF_FIXED enter the guest again, RET_PF_EMULATE is MMIO.</remarks>
    public sealed override async Coroutine<int> HandleMmFault(Cpu cpu, Vcpu vcpu, Gpa gpa, bool write)
    {
        Gfn gfn = gpa.Gfn;
        LogFault(cpu, gfn, write);
        if (LoadedRoot(vcpu) is null)
        {
            await LoadRoot(cpu, vcpu); // kvm_mmu_reload(), for a fault that nobody entered the guest for
        }

        ulong index = await cpu.SrcuReadLock(Kvm.Srcu);
        var fault = new KvmPageFault(gfn, write, await Kvm.GfnToMemslot(cpu, gfn));
        RetPf ret = await TdpMmuPageFault(cpu, vcpu, fault);
        await cpu.SrcuReadUnlock(Kvm.Srcu, index);
        if (ret == RetPf.Retry)
        {
            await cpu.CondResched(); // xfer_to_guest_mode_handle_work(), before the guest is entered again
        }

        int result = ret == RetPf.Emulate ? -Errno.EFAULT : 0;
        Kvm.Tracepoints?.FaultHandled(cpu, vcpu, gpa, write, result);
        return result;
    }

    // kvm_tdp_mmu_page_fault()
    private protected virtual async Coroutine<RetPf> TdpMmuPageFault(Cpu cpu, Vcpu vcpu, KvmPageFault fault)
    {
        RetPf ret = await FastPageFault(cpu, vcpu, fault);
        if (ret != RetPf.Invalid)
        {
            return ret;
        }

        vcpu.MmuPageCache.TopUp(cpu, CacheMinPages);
        ret = await FaultinPfn(cpu, fault);
        if (ret != RetPf.Continue)
        {
            return ret;
        }

        ret = RetPf.Retry;
        await cpu.ReadLock(MmuLock);
        if (!IsPageFaultStale(cpu, vcpu, fault))
        {
            ret = await TdpMmuMap(cpu, vcpu, fault);
        }

        await cpu.ReadUnlock(MmuLock);
        await Kvm.ReleasePfnClean(cpu, fault.Page.Frame!);
        return ret;
    }

    /// <summary>is_page_fault_stale(): whether the root went, or the host's page. Caller holds mmu_lock.</summary>
    private protected virtual bool IsPageFaultStale(Cpu cpu, Vcpu vcpu, KvmPageFault fault)
    {
        if (IsObsoleteSp(cpu, LoadedRoot(vcpu)!))
        {
            cpu.Log($"  is_page_fault_stale() => yes, {LoadedRoot(vcpu)} is invalid");
            return true;
        }

        return Kvm.MmuInvalidateRetryGfn(cpu, fault.MmuSeq, fault.Gfn);
    }

    // is_obsolete_sp(). Caller holds mmu_lock.
    private protected static bool IsObsoleteSp(Cpu cpu, KvmMmuPage sp) => cpu.Read(sp.Invalid) != 0;

    // kvm_faultin_pfn()
    private protected async Coroutine<RetPf> FaultinPfn(Cpu cpu, KvmPageFault fault)
    {
        fault.MmuSeq = await cpu.ReadOnce(Kvm.MmuInvalidateSeq);
        cpu.Log($"  mmu_seq = mmu_invalidate_seq => {fault.MmuSeq}");
        await cpu.Rmb();
        if (fault.Slot is null)
        {
            return RetPf.Emulate; // kvm_handle_noslot_fault()
        }

        // Retry the page fault if the gfn hit a memslot that is being deleted or moved.
        if ((fault.Slot.Flags(cpu) & MemslotFlags.Invalid) != MemslotFlags.None)
        {
            return RetPf.Retry;
        }

        // Before getting the pfn from the primary MMU, and before acquiring mmu_lock.
        if (await InvalidateRetryGfnUnsafe(cpu, fault))
        {
            return RetPf.Retry;
        }

        if (fault.Write && fault.Slot.IsReadOnly(cpu))
        {
            return RetPf.Emulate; // KVM_PFN_ERR_RO_FAULT
        }

        UserPage page = await Kvm.Mm.GetUserPage(cpu, fault.Slot.HvaOf(cpu, fault.Gfn), fault.Write); // __kvm_faultin_pfn()
        if (!page.Ok)
        {
            return RetPf.Emulate; // kvm_handle_error_pfn()
        }

        cpu.Log($"  kvm_faultin_pfn() => pfn {page.Pfn}");
        fault.Page = new UserPage(page.Frame, page.Writable && !fault.Slot.IsReadOnly(cpu));

        // Check again purely to avoid contending mmu_lock.
        if (await InvalidateRetryGfnUnsafe(cpu, fault))
        {
            await Kvm.ReleasePfnClean(cpu, page.Frame!);
            return RetPf.Retry;
        }

        return RetPf.Continue;
    }

    // mmu_invalidate_retry_gfn_unsafe(): a guess, so that a fault does not take mmu_lock only to find that it has to retry.
    private async Coroutine<bool> InvalidateRetryGfnUnsafe(Cpu cpu, KvmPageFault fault)
    {
        if (await cpu.ReadOnce(Kvm.MmuInvalidateInProgress) != 0)
        {
            // data_race(): they are written plainly, and a wrong guess does no harm.
            ulong start = await cpu.HardwareRead(Kvm.MmuInvalidateRangeStart);
            ulong end = await cpu.HardwareRead(Kvm.MmuInvalidateRangeEnd);
            if (start <= fault.Gfn.Value && fault.Gfn.Value < end)
            {
                Kvm.Tracepoints?.FaultRetried(cpu, Kvm);
                return true;
            }
        }

        if (await cpu.ReadOnce(Kvm.MmuInvalidateSeq) != fault.MmuSeq)
        {
            Kvm.Tracepoints?.FaultRetried(cpu, Kvm);
            return true;
        }

        return false;
    }

    // kvm_tdp_mmu_map(). Caller holds mmu_lock for read.
    private protected async Coroutine<RetPf> TdpMmuMap(Cpu cpu, Vcpu vcpu, KvmPageFault fault)
    {
        RetPf ret = RetPf.Retry;
        Rcu.ReadLock(cpu);
        Gfn end = fault.Gfn.Next;
        TdpIter iter = NewIter(LoadedRoot(vcpu)!, TdpIter.Level4K, fault.Gfn);
        for (bool more = await iter.Start(cpu, end); more; more = await iter.Next(cpu, end))
        {
            // If SPTE has been frozen by another thread, just give up and retry.
            if (Spte.IsRemoved(iter.OldSpte))
            {
                break;
            }

            if (iter.Level == TdpIter.Level4K)
            {
                ret = await MapHandleTargetLevel(cpu, fault, iter);
                break;
            }

            // Step down into the lower level page table if it exists.
            if (Spte.IsShadowPresent(iter.OldSpte))
            {
                continue;
            }

            Page sp = vcpu.MmuPageCache.Allocate(cpu); // tdp_mmu_alloc_sp()
            cpu.Fill(sp, Spte.NonPresent);

            // tdp_mmu_link_sp(); a different task may have modified the SPTE.
            if (!await SetSpteAtomic(cpu, iter, Spte.MakeNonleaf(sp)))
            {
                cpu.Machine.Memory.FreePage(cpu, sp);
                break;
            }

            Kvm.Tracepoints?.TableLinked(cpu, Kvm, sp, iter.Level - 2);
        }

        Rcu.ReadUnlock(cpu);
        return ret;
    }

    // tdp_mmu_map_handle_target_level(), make_spte().
    private async Coroutine<RetPf> MapHandleTargetLevel(Cpu cpu, KvmPageFault fault, TdpIter iter)
    {
        ulong newSpte = Spte.Make(fault.Page.Pfn, fault.Page.Writable);
        if (Spte.IsWritable(newSpte))
        {
            // Also for a read: the entry lets writes through.
            await Kvm.MarkPageDirtyInSlot(cpu, fault.Slot, fault.Gfn);
        }

        if (newSpte == iter.OldSpte)
        {
            return RetPf.Spurious;
        }

        return await SetSpteAtomic(cpu, iter, newSpte) ? RetPf.Fixed : RetPf.Retry;
    }

    private static void LogFault(Cpu cpu, Gfn gfn, bool write)
    {
        if (cpu.IsTracing)
        {
            cpu.Log($"kvm_tdp_mmu_page_fault(gfn {gfn}, {(write ? "write" : "read")})");
        }
    }

    /// <summary>struct kvm_page_fault.</summary>
    private protected sealed class KvmPageFault(Gfn gfn, bool write, Memslot? slot)
    {
        public Gfn Gfn => gfn;

        public bool Write => write;

        public Memslot? Slot => slot;

        public ulong MmuSeq { get; set; }

        public UserPage Page { get; set; }
    }
}
