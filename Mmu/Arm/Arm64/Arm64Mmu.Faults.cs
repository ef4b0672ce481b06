using static MmuStress.Mmu.ArmPteBits;

namespace MmuStress.Mmu;

/// <content>Stage-2 aborts.</content>
public partial class Arm64Mmu
{
    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_handle_guest_abort().</remarks>
    public sealed override async Coroutine<int> HandleMmFault(Cpu cpu, Vcpu vcpu, Gpa gpa, bool write)
    {
        Gfn gfn = gpa.Gfn;
        FaultStatus status = vcpu.FaultStatus;
        vcpu.FaultStatus = FaultStatus.Translation;
        cpu.Log($"kvm_handle_guest_abort(gfn {gfn}, {(write ? "write" : "read")})");
        ulong srcuIndex = await cpu.SrcuReadLock(Kvm.Srcu);
        Memslot? memslot = await Kvm.GfnToMemslot(cpu, gfn);
        int ret;
        if (!Kvm.TryGfnToHvaMemslotProt(cpu, memslot, gfn, out Hva hva, out bool writable) || (write && !writable))
        {
            ret = -Errno.EFAULT; // io_mem_abort()
        }
        else if (status == FaultStatus.AccessFlag)
        {
            ret = await HandleAccessFault(cpu, gfn);
        }
        else
        {
            ret = await UserMemAbort(cpu, vcpu, gfn, memslot!, hva, writable, write, status == FaultStatus.Permission);
        }

        await cpu.SrcuReadUnlock(Kvm.Srcu, srcuIndex);
        if (ret == -Errno.EAGAIN)
        {
            await cpu.CondResched(); // kvm_arch_vcpu_ioctl_run(), before the guest is entered again
            return 0;
        }

        Kvm.Tracepoints?.FaultHandled(cpu, vcpu, gpa, write, ret);
        return ret;
    }

    // handle_access_fault(): resolves the access fault by making the page young again. Takes mmu_lock for read.
    private async Coroutine<int> HandleAccessFault(Cpu cpu, Gfn gfn)
    {
        await cpu.ReadLock(Kvm.MmuRwLock);
        int ret = pgt is null ? -Errno.EAGAIN : await pgt.Mkyoung(cpu, gfn);
        await cpu.ReadUnlock(Kvm.MmuRwLock);
        return ret;
    }

    // user_mem_abort(). -EAGAIN means: have the guest fault again.
    private async Coroutine<int> UserMemAbort(Cpu cpu, Vcpu vcpu, Gfn gfn, Memslot memslot, Hva hva, bool slotWritable, bool write, bool faultIsPerm)
    {
        bool loggingActive = memslot.IsDirtyTrackEnabled(cpu) && !memslot.IsReadOnly(cpu);
        bool forcePte = loggingActive;
        if (faultIsPerm && !write)
        {
            return -Errno.EAGAIN; // "Unexpected L2 read permission error": the TLB had an entry without the right to read, which is never set
        }

        // Permission faults just need to update the existing leaf entry, and so normally don't require allocations from the memcache.
        if (!faultIsPerm || (loggingActive && write))
        {
            vcpu.MmuPageCache.TopUp(cpu, CacheMinPages);
        }

        await cpu.ReadLock(Kvm.Mm.MmapLock);
        if (Kvm.Mm.FindVma(cpu, hva) is null)
        {
            await cpu.ReadUnlock(Kvm.Mm.MmapLock);
            return -Errno.EFAULT;
        }

        // Read mmu_invalidate_seq so that KVM can detect if the results of vma_lookup() or __kvm_faultin_pfn() become stale prior to acquiring
        // mmu_lock. Rely on mmap_read_unlock() for an implicit smp_rmb(), which pairs with the smp_wmb() in kvm_mmu_invalidate_end().
        ulong mmuSeq = await cpu.ReadOnce(Kvm.MmuInvalidateSeq);
        cpu.Log($"  seq = mmu_invalidate_seq => {mmuSeq}");
        await cpu.ReadUnlock(Kvm.Mm.MmapLock);

        UserPage page = await Kvm.Mm.GetUserPage(cpu, hva, write); // __kvm_faultin_pfn()
        if (!page.Ok)
        {
            cpu.Log($"  __kvm_faultin_pfn() => error");
            return -Errno.EFAULT;
        }

        cpu.Log($"  __kvm_faultin_pfn() => pfn {page.Pfn}");

        // Only actually map the page as writable if this was a write fault.
        bool writable = page.Writable && slotWritable && (write || !loggingActive);

        await cpu.ReadLock(Kvm.MmuRwLock); // kvm_fault_lock()
        int ret;
        if (await Kvm.MmuInvalidateRetry(cpu, mmuSeq) || pgt is null)
        {
            ret = -Errno.EAGAIN;
        }
        else
        {
            ret = await MapFault(cpu, vcpu, memslot, gfn, hva, page.Pfn, Read | (writable ? Write : 0), faultIsPerm, forcePte);
        }

        // kvm_release_faultin_page()
        if (ret == 0 && writable)
        {
            await Kvm.SetPfnDirty(cpu, page.Pfn);
        }

        await Kvm.ReleasePfnClean(cpu, page.Frame!);
        await cpu.ReadUnlock(Kvm.MmuRwLock); // kvm_fault_unlock()

        // Mark the page dirty only if the fault is handled successfully.
        if (writable && ret == 0)
        {
            await Kvm.MarkPageDirtyInSlot(cpu, memslot, gfn);
        }

        return ret;
    }

    // The part of user_mem_abort() that chooses between a page and a block. Caller holds mmu_lock for read.
    private async Coroutine<int> MapFault(Cpu cpu, Vcpu vcpu, Memslot memslot, Gfn gfn, Hva hva, Pfn pfn, ulong prot, bool faultIsPerm, bool forcePte)
    {
        int faultLevel = faultIsPerm ? vcpu.FaultLevel : 0; // fault_granule
        int level = 0; // vma_pagesize

        // If we are not forced to use page mapping, check if we are backed by a THP and thus use block mapping if possible.
        if (!forcePte)
        {
            level = faultLevel > 0 ? faultLevel : await TransparentHugepageAdjust(cpu, memslot, gfn, hva);
            if (level < 0)
            {
                return level;
            }
        }

        // Under the premise of getting a FSC_PERM fault, we just need to relax permissions only if vma_pagesize equals fault_granule. Otherwise,
        // kvm_pgtable_stage2_map() should be called to change block size.
        if (faultIsPerm && level == faultLevel)
        {
            return await RelaxPerms(cpu, vcpu, gfn, prot);
        }

        Gfn start = Geometry.AlignDown(gfn, level);
        return await pgt!.Map(cpu, start, Geometry.FramesPerEntry(level), new Pfn(pfn.Value - (gfn - start)), prot | AccessFlag, vcpu.MmuPageCache);
    }

    // kvm_pgtable_stage2_relax_perms(): then drops the address from the TLB of this CPU.
    private async Coroutine<int> RelaxPerms(Cpu cpu, Vcpu vcpu, Gfn gfn, ulong prot)
    {
        int ret = await pgt!.RelaxPerms(cpu, gfn, prot);
        if (ret is 0 or -Errno.EAGAIN)
        {
            // __kvm_tlb_flush_vmid_ipa_nsh()
            await vcpu.DisablePreemptionIfNeeded(cpu);
            vcpu.HostCpu.Tlb.Flush(Vmids.Vmid2Idx(await cpu.ReadOnce(vmid)) + 1, gfn);
            await vcpu.EnablePreemptionIfNeeded(cpu);
        }

        return ret;
    }
}
