using static MmuStress.Mmu.LoongArchPteBits;

namespace MmuStress.Mmu;

/// <summary>MIPS's MMU with hardware virtualisation, as of May 2021.</summary>
/// <remarks>
/// <para>
/// <b>Flushing.</b> Of the VM's translations in the TLB of a CPU, one root ASID is the tag, whichever vCPU made them. To flush, every CPU is marked
/// in asid_flush_mask, then every vCPU is asked to leave the guest; whoever enters a guest of the VM on a marked CPU takes a new ASID there. So marking
/// is only half of a flush, and kvm_arch_flush_remote_tlb() returns 1, for the requests to follow (S4-7). A notification that hits several memslots is
/// flushed once.
/// </para>
/// Mirrors: arch/mips/kvm/mmu.c at 00a7aec1a9b0, mips.c and vz.c, after "KVM: MIPS: cleanup TLB flushing callbacks" (2 April 2021) and "KVM: MIPS/MMU:
/// Convert to the gfn-based MMU notifier callbacks", function by function and with what is wrong in it: exclusive ends go to inclusive walkers (LA3-1), tables are
/// freed before the flush (as LA3-2), kvm_arch_flush_shadow_all() takes no lock (as LA3-3), no barrier precedes linking (as LA3-5), a page is marked accessed
/// after its reference was given back (as LA3-6), on the fast path without one (as LA3-7), change_pte installs into absent entries (as LA3-8), few pages in the cache (as LA3-9). And of weak memory: a vCPU may see its CPU
/// marked before it sees the entries cleared, use up the mark on an ASID that it fills with an old entry, and find no mark when the request comes (MI-1).
/// Differs: without GuestIDs (cpu_has_guestid), and the guest's own TLB is left out. What arch.asid_flush_mask is filled with is a marked
/// write for each word. A fault lets others run after some retries, as LoongArch's does. Trap-and-emulate, with its page
/// tables of guest virtual addresses, is left out.
/// </remarks>
public class MipsMmu : MipsGpaTable
{
    private const int BitsPerWord = 64;

    private readonly Block asidFlushMask; // kvm->arch.asid_flush_mask, a bit for each CPU
    private readonly ulong[] cpuContext; // cpu_context(cpu, &kvm->arch.gpa_mm): touched only on that CPU, with interrupts off

    /// <summary>The MMU of <paramref name="kvm"/>.</summary>
    /// <param name="kvm">The VM.</param>
    public MipsMmu(Kvm kvm)
        : base(kvm, "mips")
    {
        int cpus = kvm.Parameters.PhysicalCpus;
        asidFlushMask = kvm.Machine.Memory.Allocate("asid_flush_mask", ((cpus - 1) / BitsPerWord) + 1, BlockKind.Static);
        cpuContext = new ulong[cpus];
    }

    /// <summary>The ASID that tags the VM's translations on a CPU, with its cycle above it; 0 before the first entry there. For checkers and tests.</summary>
    /// <param name="cpuId">The physical CPU.</param>
    /// <returns>cpu_context().</returns>
    public ulong PeekCpuContext(int cpuId) => cpuContext[cpuId];

    /// <summary>kvm->arch.asid_flush_mask, for checkers and tests.</summary>
    /// <param name="cpuId">The physical CPU.</param>
    /// <returns>Whether it is marked.</returns>
    public bool PeekAsidFlushMask(int cpuId) => (asidFlushMask.Words[cpuId / BitsPerWord] & (1UL << cpuId)) != 0;

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_mips_handle_vz_root_tlb_fault().</remarks>
    public sealed override async Coroutine<int> HandleMmFault(Cpu cpu, Vcpu vcpu, Gpa gpa, bool write)
    {
        int ret = await MapPage(cpu, vcpu, gpa, write);
        if (ret == 0)
        {
            // Invalidate this entry in the TLB: of the CPU the vCPU is on now, which need not be the one it faulted on.
            await HostTlbInv(cpu, vcpu, gpa);
        }

        Kvm.Tracepoints?.FaultHandled(cpu, vcpu, gpa, write, ret);
        return ret;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Mirrors: kvm_unmap_gfn_range(), whose end is one frame too far, and which always asks for a flush: the generic code flushes once for all
    /// memslots ("KVM: MIPS: defer flush to generic MMU notifier code"). Locking: mmu_lock.
    /// </remarks>
    public override async Coroutine<bool> UnmapGfnRange(Cpu cpu, KvmGfnRange range)
    {
        await FlushGpaRange(cpu, range.Start, range.End);
        return true;
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_flush_shadow_all(). Locking: none.</remarks>
    public sealed override async Coroutine FlushShadowAll(Cpu cpu)
    {
        await FlushGpaRange(cpu, default, LastGfn);
        await Kvm.FlushRemoteTlbs(cpu);
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_flush_shadow_memslot(), which always flushes. Locking: takes mmu_lock.</remarks>
    public sealed override async Coroutine FlushShadowMemslot(Cpu cpu, Memslot slot)
    {
        await cpu.Lock(Kvm.MmuLock);
        GfnRange gfns = slot.Gfns(cpu);
        await FlushGpaRange(cpu, gfns.Start, Last(gfns));
        await FlushRemoteTlbsMemslot(cpu, slot);
        await cpu.Unlock(Kvm.MmuLock);
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_commit_memory_region(). Locking: takes mmu_lock.</remarks>
    public sealed override async Coroutine CommitMemoryRegion(Cpu cpu, Memslot? old, Memslot? @new, MemslotChange change)
    {
        if (EnablesLogging(cpu, old, @new, change))
        {
            await cpu.Lock(Kvm.MmuLock);
            GfnRange gfns = @new!.Gfns(cpu);
            if (await MkCleanGpaPt(cpu, gfns.Start, Last(gfns)))
            {
                await FlushRemoteTlbsMemslot(cpu, @new);
            }

            await cpu.Unlock(Kvm.MmuLock);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_mips_free_gpa_pt(). Locking: none.</remarks>
    public sealed override async Coroutine DestroyMm(Cpu cpu)
    {
        // It should always be safe to remove after flushing the whole range.
        (bool safeToRemove, _) = await FlushGpaRange(cpu, default, LastGfn);
        Kvm.WarnOn(cpu, !safeToRemove, "the top-level table cannot be removed after everything was flushed");
        FreeTable(cpu, Root);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Mirrors: kvm_arch_flush_remote_tlb(), "KVM: MIPS: let generic code call prepare_flush_shadow": every kvm_flush_remote_tlbs() is preceded by
    /// prepare_flush_shadow(), and goes on, since the return value is not 0.
    /// </remarks>
    public override async Coroutine<int> FlushRemoteTlbs(Cpu cpu)
    {
        await PrepareFlushShadow(cpu);
        return 1;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Mirrors: kvm_arch_vcpu_ioctl_run() and kvm_mips_handle_exit(), arch/mips/kvm/mips.c; kvm_vz_vcpu_run(), kvm_vz_vcpu_reenter(), kvm_vz_check_requests(),
    /// kvm_vz_vcpu_load(), vz.c.
    /// </remarks>
    public sealed override async Coroutine EnterGuest(Cpu cpu, Vcpu vcpu)
    {
        await vcpu.DisablePreemptionIfNeeded(cpu);
        HostCpu hostCpu = vcpu.HostCpu;
        await hostCpu.Interrupts.DisableInterrupts(cpu);
        if (vcpu.Load())
        {
            await cpu.WriteOnce(vcpu.Cpu, (ulong)hostCpu.Id);
        }

        // The requests must not be read before the mode is written, or a flush could be missed by who finds the vCPU outside of the guest.
        await cpu.Xchg(vcpu.Mode, (ulong)VcpuMode.InGuestMode); // smp_store_mb
        ulong pending = await cpu.ReadOnce(vcpu.Requests);
        if (pending != 0)
        {
            // kvm_vz_check_requests(): there is nothing to do but to look at asid_flush_mask again.
            await cpu.FetchAndNot(vcpu.Requests, pending);
            cpu.Log($"kvm_check_request(KVM_REQ_TLB_FLUSH)");
        }

        await LoadTlb(cpu, hostCpu);
    }

    // kvm_mips_callbacks->prepare_flush_shadow(), kvm_vz_prepare_flush_shadow(): cpumask_setall(&kvm->arch.asid_flush_mask). Nothing orders this
    // after the entries that were cleared before (MI-1).
    private protected virtual async Coroutine PrepareFlushShadow(Cpu cpu)
    {
        for (int i = 0; i < asidFlushMask.Length; i++)
        {
            await cpu.WriteOnce(asidFlushMask[i], ulong.MaxValue);
        }
    }

    // kvm_vz_vcpu_load_tlb(), where there are no GuestIDs: allocates a new root ASID if needed. Interrupts are off.
    private async Coroutine LoadTlb(Cpu cpu, HostCpu hostCpu)
    {
        ulong bit = 1UL << hostCpu.Id;
        Word word = asidFlushMask[hostCpu.Id / BitsPerWord];
        bool isMarked = (await cpu.FetchAndNot(word, bit) & bit) != 0; // cpumask_test_and_clear_cpu
        ref ulong context = ref cpuContext[hostCpu.Id];
        if (isMarked || !hostCpu.IsCurrent(context))
        {
            context = hostCpu.NextVpid(); // get_new_mmu_context(), else check_mmu_context()
        }

        hostCpu.LoadGuestTag(context);
    }

    // kvm_vz_host_tlb_inv() with kvm_mips_get_root_asid(): drops the pair of the address from the TLB of the CPU the thread is on by now.
    private async Coroutine HostTlbInv(Cpu cpu, Vcpu vcpu, Gpa gpa)
    {
        await vcpu.DisablePreemptionIfNeeded(cpu); // local_irq_save
        HostCpu hostCpu = vcpu.HostCpu;
        Gfn even = new(gpa.Gfn.Value & ~1UL);
        ulong asid = hostCpu.TagOf(cpuContext[hostCpu.Id]);
        hostCpu.Tlb.Flush(asid, even);
        hostCpu.Tlb.Flush(asid, even.Next);
        await vcpu.EnablePreemptionIfNeeded(cpu); // local_irq_restore
    }

    // kvm_mips_map_page().
    private async Coroutine<int> MapPage(Cpu cpu, Vcpu vcpu, Gpa gpa, bool write)
    {
        Gfn gfn = gpa.Gfn;
        if (cpu.IsTracing)
        {
            cpu.Log($"kvm_mips_map_page(gfn {gfn}, {(write ? "write" : "read")})");
        }

        // Try the fast path to handle old / clean pages.
        ulong srcuIndex = await cpu.SrcuReadLock(Kvm.Srcu);
        int err = await MapPageFast(cpu, gfn, write);
        if (err != 0)
        {
            err = await MapPageSlow(cpu, vcpu, gfn, write);
        }

        await cpu.SrcuReadUnlock(Kvm.Srcu, srcuIndex);
        return err;
    }

    // The rest of kvm_mips_map_page(), from mmu_topup_memory_cache() on.
    private async Coroutine<int> MapPageSlow(Cpu cpu, Vcpu vcpu, Gfn gfn, bool write)
    {
        // We need a minimum of cached pages ready for page table creation.
        vcpu.MmuPageCache.TopUp(cpu, CacheMinPages);

        UserPage page;
        int retryNo = 0;
        while (true)
        {
            // Used to check for invalidations in progress, of the pfn that is returned by gfn_to_pfn_prot below.
            ulong mmuSeq = await cpu.ReadOnce(Kvm.MmuInvalidateSeq);
            cpu.Log($"  seq = mmu_notifier_seq => {mmuSeq}");
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
            await Kvm.ReleasePfnClean(cpu, page.Frame!);
            if (retryNo >= Kvm.Parameters.RetriesBeforeSchedule)
            {
                retryNo = 0;
                await cpu.CondResched();
            }

            retryNo++;
        }

        // Ensure page tables are allocated.
        Word ptep = await WalkPgd(cpu, vcpu.MmuPageCache, gfn);

        // Set up the PTE.
        ulong protBits = Present | Readable | CacheCoherent;
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

        ulong old = cpu.Read(ptep);
        var entry = Pte.Of(page.Pfn, protBits);
        await cpu.WriteOnce(ptep, entry.Value);
        TraceSetPte(cpu, gfn, old, entry.Value);

        await cpu.Unlock(Kvm.MmuLock);
        await Kvm.ReleasePfnClean(cpu, page.Frame!);
        await Kvm.SetPfnAccessed(cpu, page.Pfn);
        return 0;
    }
}
