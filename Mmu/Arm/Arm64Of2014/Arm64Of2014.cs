using static MmuStress.Mmu.ArmPteBits;

namespace MmuStress.Mmu;

/// <summary>arm64's MMU as posted in October 2014: faults, notifiers, and what the VM's life calls.</summary>
/// <remarks>
/// <para>
/// Mirrors: "arm64: KVM: Implement 48 VA support for KVM EL2 and Stage-2" (October 2014) on arch/arm/kvm/mmu.c of that time, function by function
/// and with what is wrong in it: of concatenated root tables only the first has a reference of its own (A14-1); stage2_get_pmd() does not look
/// whether there is a pud (A14-2); a reference is taken on a fake pgd, which is part of a slab (A14-3), and a page taken from a cache that may
/// have none left (A14-4), both behind a WARN_ON; the tables are freed without mmu_lock, and before the pointer to them is cleared (A14-5);
/// update_vttbr() looks at them without a lock (A14-7). Preallocated tables are never freed with what is in them (A14-6).
/// </para>
/// Locking: mmu_lock for entries and tables.
/// Differs: without huge pages. kvm->arch.pgd is looked at and cleared with marked accesses, as it is not protected; entries are written with
/// marked writes, since hardware walks them.
/// </remarks>
public sealed partial class Arm64Of2014 : VttbrArm
{
    private const int KvmNrMemObjs = 40;
    private const ulong PageS2 = Read | AccessFlag; // PTE_S2_RDONLY

    private static readonly string[] Fields = ["kvm->arch.pgd"];

    private readonly Stage2Geometry shape;
    private readonly ArmPageTable table;
    private readonly Word pgd;
    private Block? fakePgd; // kmalloc'ed
    private Page[] rootPages = []; // the pgd, or below a fake one the hwpgd

    /// <summary>kvm_arch_init_vm(): the MMU of <paramref name="kvm"/>.</summary>
    /// <param name="kvm">The VM.</param>
    public Arm64Of2014(Kvm kvm)
        : this(kvm, kvm.Parameters.Stage2 ?? Stage2Geometry.Scaled(kvm.Parameters.Levels, kvm.Parameters.EntriesPerTable))
    {
        InitVm();
    }

    private Arm64Of2014(Kvm kvm, Stage2Geometry shape)
        : base(kvm, "arm64-2014", shape.Hardware)
    {
        this.shape = shape;
        pgd = Memory.Allocate("kvm_arch", Fields)[0];
        table = new ArmPageTable(Memory, Tables, new PageTableGeometry(shape.Levels, 1 << shape.Stride), this) { MayFree = MayFree };
    }

    private protected override PageTableGeometry KernelGeometry => table.Geometry;

    /// <summary>The geometry.</summary>
    public Stage2Geometry Shape => shape;

    /// <inheritdoc/>
    public override ulong GpaFrames => 1UL << shape.FrameBits;

    /// <inheritdoc/>
    public override IReadOnlyList<Page> Roots => pgd.Peek == 0 ? [] : rootPages;

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_get_hwpgd(). Also after kvm->arch.pgd is cleared: VTTBR keeps its address.</remarks>
    public override Page RootFor(Gfn gfn) => rootPages[Geometry.RootIndexOf(gfn)];

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_handle_guest_abort(). Locking: takes srcu.</remarks>
    public override async Coroutine<int> HandleMmFault(Cpu cpu, Vcpu vcpu, Gpa gpa, bool write)
    {
        ulong index = await cpu.SrcuReadLock(Kvm.Srcu);
        Memslot? memslot = await Kvm.GfnToMemslot(cpu, gpa.Gfn);
        int ret = !Kvm.TryGfnToHvaMemslotProt(cpu, memslot, gpa.Gfn, out Hva hva, out bool writable) || (write && !writable)
            ? -Errno.EFAULT
            : await UserMemAbort(cpu, vcpu, gpa.Gfn, hva, write);
        await cpu.SrcuReadUnlock(Kvm.Srcu, index);
        Kvm.Tracepoints?.FaultHandled(cpu, vcpu, gpa, write, ret);
        return ret;
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_unmap_hva_range(), kvm_unmap_hva_handler(), unmap_stage2_range(): page by page; TLBs are told at each. Locking: mmu_lock.</remarks>
    public override async Coroutine<bool> UnmapGfnRange(Cpu cpu, KvmGfnRange range)
    {
        if (await cpu.ReadOnce(pgd) != 0)
        {
            for (Gfn gfn = range.Start; gfn < range.End; gfn = gfn.Next)
            {
                await table.UnmapRange(cpu, PgdEntry, gfn, gfn.Next);
                cpu.Machine.MadeProgress();
            }
        }

        return false;
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_set_spte_hva(), kvm_set_spte_handler(). Locking: mmu_lock.</remarks>
    public override async Coroutine<bool> SetSpteGfn(Cpu cpu, KvmGfnRange range)
    {
        if (await cpu.ReadOnce(pgd) != 0)
        {
            await Stage2SetPte(cpu, null, range.Start, PageEntry(range.Pte.Pfn, PageS2), isIomap: false);
        }

        return false;
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_age_hva(), an empty hook.</remarks>
    public override Coroutine<bool> AgeGfn(Cpu cpu, KvmGfnRange range) => new(false);

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_test_age_hva(), an empty hook.</remarks>
    public override bool TestAgeGfn(Cpu cpu, KvmGfnRange range) => false;

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_flush_shadow_all(), which is empty.</remarks>
    public override Coroutine FlushShadowAll(Cpu cpu) => Coroutine.Completed;

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_flush_shadow_memslot(). Locking: takes mmu_lock.</remarks>
    public override async Coroutine FlushShadowMemslot(Cpu cpu, Memslot slot)
    {
        GfnRange gfns = slot.Gfns(cpu);
        await cpu.Lock(Kvm.MmuLock);
        await table.UnmapRange(cpu, PgdEntry, gfns.Start, gfns.End);
        await cpu.Unlock(Kvm.MmuLock);
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: KVM_GET_DIRTY_LOG, which is -EINVAL, so that tracking writes makes no sense.</remarks>
    public override int PrepareMemoryRegion(Cpu cpu, Memslot? old, Memslot? @new, MemslotChange change) =>
        @new?.IsDirtyTrackEnabled(cpu) ?? false ? -Errno.EINVAL : 0;

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_commit_memory_region(), which is empty.</remarks>
    public override Coroutine CommitMemoryRegion(Cpu cpu, Memslot? old, Memslot? @new, MemslotChange change) => Coroutine.Completed;

    /// <inheritdoc/>
    /// <remarks>Never called, as there is no dirty log.</remarks>
    public override Coroutine EnableLogDirtyPtMasked(Cpu cpu, Memslot slot, ulong gfnOffset, ulong mask) => Coroutine.Completed;

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_flush_remote_tlbs(), __kvm_tlb_flush_vmid.</remarks>
    public override Coroutine FlushRemoteTlbsMemslot(Cpu cpu, Memslot slot) => TlbiVmid(cpu);

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_flush_remote_tlbs(), __kvm_tlb_flush_vmid.</remarks>
    public override async Coroutine<int> FlushRemoteTlbs(Cpu cpu)
    {
        await TlbiVmid(cpu);
        return 0;
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_destroy_vm(), kvm_free_stage2_pgd(). Locking: none.</remarks>
    public override Coroutine DestroyMm(Cpu cpu) => FreeStage2Pgd(cpu);

    /// <summary>kvm_phys_addr_ioremap(): maps a device at a guest address.</summary>
    /// <remarks>Locking: takes mmu_lock for each page; may sleep.</remarks>
    /// <param name="cpu">The caller.</param>
    /// <param name="guestIpa">Where to.</param>
    /// <param name="pfn">The device's first frame.</param>
    /// <param name="size">Bytes, rounded up to pages together with the rest of the first page.</param>
    /// <param name="writable">Whether the guest may write it.</param>
    /// <returns>0, -ENOMEM, or -EFAULT where something is mapped there.</returns>
    public async Coroutine<int> PhysAddrIoremap(Cpu cpu, Gpa guestIpa, Pfn pfn, ulong size, bool writable)
    {
        var cache = new MemoryCache(TablePage, "page table");
        int ret = 0;
        ulong end = (guestIpa.Value + size + PageSize.Bytes - 1) & ~(PageSize.Bytes - 1);
        for (ulong addr = guestIpa.Value; addr < end && ret == 0; addr += PageSize.Bytes)
        {
            ret = TopUpMemoryCache(cpu, cache, shape.CacheMinPages);
            if (ret == 0)
            {
                await cpu.Lock(Kvm.MmuLock);
                ret = await Stage2SetPte(cpu, cache, new Gpa(addr).Gfn, PageEntry(pfn, Read | Device | AccessFlag | (writable ? Write : 0)), isIomap: true);
                await cpu.Unlock(Kvm.MmuLock);
                pfn = new Pfn(pfn.Value + 1);
            }
        }

        cache.Free(cpu);
        return ret;
    }

    // mmu_topup_memory_cache(), with max KVM_NR_MEM_OBJS: no more than the levels could ever use are kept, so that a small scope has few pages.
    private int TopUpMemoryCache(Cpu cpu, MemoryCache cache, int min)
    {
        if (cache.Count < min && Tables.FailAfter is { } left && left < min - cache.Count)
        {
            return -Errno.ENOMEM;
        }

        cache.TopUp(cpu, min, Math.Min(KvmNrMemObjs, min));
        return 0;
    }

    private async Coroutine<int> UserMemAbort(Cpu cpu, Vcpu vcpu, Gfn gfn, Hva hva, bool writeFault)
    {
        cpu.Log($"user_mem_abort(gfn {gfn}, {(writeFault ? "write" : "read")})");

        // Let's check if we will get back a huge page.
        await cpu.ReadLock(Kvm.Mm.MmapLock);
        Vma? vma = Kvm.Mm.FindVma(cpu, hva);
        await cpu.ReadUnlock(Kvm.Mm.MmapLock);
        if (vma is null)
        {
            return -Errno.EFAULT;
        }

        int ret = TopUpMemoryCache(cpu, vcpu.MmuPageCache, shape.CacheMinPages);
        if (ret != 0)
        {
            return ret;
        }

        // The mmu_seq must be read before the page is looked up, so that an invalidation in between is seen.
        ulong mmuSeq = await cpu.ReadOnce(Kvm.MmuInvalidateSeq);
        await cpu.Rmb();
        UserPage page = await Kvm.GfnToPfnProt(cpu, gfn, writeFault);
        if (!page.Ok)
        {
            return -Errno.EFAULT;
        }

        await cpu.Lock(Kvm.MmuLock);
        if (!await Kvm.MmuInvalidateRetry(cpu, mmuSeq))
        {
            ulong newPte = PageEntry(page.Pfn, PageS2);
            if (page.Writable)
            {
                newPte |= Write; // kvm_set_s2pte_writable()
                await Kvm.SetPfnDirty(cpu, page.Pfn);
            }

            ret = await Stage2SetPte(cpu, vcpu.MmuPageCache, gfn, newPte, isIomap: false);
        }

        await cpu.Unlock(Kvm.MmuLock);
        await Kvm.ReleasePfnClean(cpu, page.Frame!);
        if (ret == 0)
        {
            await cpu.CondResched(); // kvm_arch_vcpu_ioctl_run()
        }

        return ret;
    }
}
