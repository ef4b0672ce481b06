using static MmuStress.Mmu.ArmPteBits;

namespace MmuStress.Mmu;

/// <summary>ARM's MMU as posted in 2012: faults, notifiers, and what the VM's life calls.</summary>
/// <remarks>
/// <para>
/// Mirrors: "[PATCH 08/15] KVM: ARM: Memory virtualization setup" (2012), arch/arm/kvm/mmu.c and arm.c, function by function and with what is wrong
/// in it: a reference is put for entries that were empty (A12-1); tables are freed before the TLB is flushed (A12-2); the flush is an empty
/// function (A12-3); no sequence count, and another lock than the one under which the notifiers count (A12-4); valid entries are overwritten in
/// place (A12-5), also absent ones, and without the host's permissions (A12-6); the top-level table is freed without a lock before the pointer
/// to it is cleared (A12-8); nothing is unmapped when the address space goes (A12-9); aging always says old (A12-10).
/// </para>
/// Locking: kvm->arch.pgd_lock for entries and tables.
/// Differs: neither kvm_handle_guest_abort() nor PAGE_KVM_GUEST are in the patch. The first is here what the series has later, with what this
/// patch offers it: a page that the host may write, stage2_set_pte() under pgd_lock, no retry. The second lets the guest read and write.
/// kvm->arch.pgd is looked at and cleared with marked accesses, as it is not protected. Entries are written with marked writes, since hardware
/// walks them. Three levels, a top-level table of 1 &lt;&lt; <see cref="KvmParameters.PgdOrder"/> pages.
/// </remarks>
public sealed partial class Arm2012 : VttbrArm
{
    private const int KvmNrMemObjs = 4;
    private const ulong PageKvmGuest = Read | Write | AccessFlag;

    private static readonly LockClass PgdLockClass = new("pgd_lock", maySleep: false, isHeadline: true);
    private static readonly string[] Fields = ["kvm->arch.pgd"];

    private readonly SpinLock pgdLock;
    private readonly Word pgd;
    private Page[] pgdPages = [];

    /// <summary>kvm_arch_init_vm(): the MMU of <paramref name="kvm"/>.</summary>
    /// <param name="kvm">The VM; three levels.</param>
    public Arm2012(Kvm kvm)
        : base(kvm, "arm-2012", new PageTableGeometry(3, kvm.Parameters.EntriesPerTable, 1 << kvm.Parameters.PgdOrder))
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(kvm.Parameters.Levels, 3, nameof(kvm));
        pgdLock = new SpinLock(kvm.Machine, PgdLockClass);
        pgd = Memory.Allocate("kvm_arch", Fields)[0];
        InitVm();
    }

    private protected override PageTableGeometry KernelGeometry => new(3, Geometry.EntriesPerTable);

    /// <inheritdoc/>
    public override IReadOnlyList<Page> Roots => pgd.Peek == 0 ? [] : pgdPages;

    /// <inheritdoc/>
    /// <remarks>Also after kvm->arch.pgd is cleared: VTTBR keeps its address.</remarks>
    public override Page RootFor(Gfn gfn) => pgdPages[Geometry.RootIndexOf(gfn)];

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_handle_guest_abort() and user_mem_abort() of the same series, see the class. Locking: srcu; takes pgd_lock.</remarks>
    public override async Coroutine<int> HandleMmFault(Cpu cpu, Vcpu vcpu, Gpa gpa, bool write)
    {
        ulong index = await cpu.SrcuReadLock(Kvm.Srcu);
        int ret = await UserMemAbort(cpu, vcpu, gpa.Gfn);
        await cpu.SrcuReadUnlock(Kvm.Srcu, index);
        Kvm.Tracepoints?.FaultHandled(cpu, vcpu, gpa, write, ret);
        return ret;
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_unmap_hva_range(), which does nothing where there is no table; it never asks for a flush. Locking: takes pgd_lock for each frame.</remarks>
    public override async Coroutine<bool> UnmapGfnRange(Cpu cpu, KvmGfnRange range)
    {
        for (Gfn gfn = range.Start; gfn < range.End; gfn = gfn.Next)
        {
            if (await cpu.ReadOnce(pgd) == 0)
            {
                return false;
            }

            // kvm_unmap_hva_handler()
            await cpu.Lock(pgdLock);
            await Stage2ClearPte(cpu, gfn);
            await cpu.Unlock(pgdLock);
            cpu.Machine.MadeProgress();
        }

        return false;
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_set_spte_hva(), kvm_set_spte_handler(). Locking: takes pgd_lock.</remarks>
    public override async Coroutine<bool> SetSpteGfn(Cpu cpu, KvmGfnRange range)
    {
        if (await cpu.ReadOnce(pgd) == 0)
        {
            return false;
        }

        await cpu.Lock(pgdLock);
        await Stage2SetPte(cpu, null, range.Start, PageEntry(range.Pte.Pfn, PageKvmGuest));
        await cpu.Unlock(pgdLock);
        return false;
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_age_hva(), an empty hook.</remarks>
    public override Coroutine<bool> AgeGfn(Cpu cpu, KvmGfnRange range) => new(false);

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_test_age_hva(), an empty hook.</remarks>
    public override bool TestAgeGfn(Cpu cpu, KvmGfnRange range) => false;

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_flush_shadow(), which is empty.</remarks>
    public override Coroutine FlushShadowAll(Cpu cpu) => Coroutine.Completed;

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_flush_shadow(), which is empty.</remarks>
    public override Coroutine FlushShadowMemslot(Cpu cpu, Memslot slot) => Coroutine.Completed;

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_vm_ioctl_get_dirty_log(), which is -EINVAL, so that tracking writes makes no sense.</remarks>
    public override int PrepareMemoryRegion(Cpu cpu, Memslot? old, Memslot? @new, MemslotChange change) =>
        @new?.IsDirtyTrackEnabled(cpu) ?? false ? -Errno.EINVAL : 0;

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_commit_memory_region(), which is empty.</remarks>
    public override Coroutine CommitMemoryRegion(Cpu cpu, Memslot? old, Memslot? @new, MemslotChange change) => Coroutine.Completed;

    /// <inheritdoc/>
    /// <remarks>Never called, as there is no dirty log.</remarks>
    public override Coroutine EnableLogDirtyPtMasked(Cpu cpu, Memslot slot, ulong gfnOffset, ulong mask) => Coroutine.Completed;

    /// <inheritdoc/>
    /// <remarks>As <see cref="FlushRemoteTlbs"/>.</remarks>
    public override Coroutine FlushRemoteTlbsMemslot(Cpu cpu, Memslot slot) => Coroutine.Completed;

    /// <inheritdoc/>
    /// <remarks>Differs: the patch has no flush of its own; the request that would be made is one that no vCPU looks at.</remarks>
    public override Coroutine<int> FlushRemoteTlbs(Cpu cpu) => new(0);

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_destroy_vm(), kvm_free_stage2_pgd(). Locking: none.</remarks>
    public override Coroutine DestroyMm(Cpu cpu) => FreeStage2Pgd(cpu);

    /// <summary>kvm_phys_addr_ioremap(): maps a device at a guest address.</summary>
    /// <remarks>
    /// Locking: takes pgd_lock for each page; may sleep.
    /// Mirrors: what it does where memory runs out half-way: what it has mapped stays (A12-13).
    /// </remarks>
    /// <param name="cpu">The caller.</param>
    /// <param name="guestIpa">Where to.</param>
    /// <param name="pfn">The device's first frame.</param>
    /// <param name="size">Bytes, rounded up to pages together with the rest of the first page.</param>
    /// <returns>0 or -ENOMEM.</returns>
    public async Coroutine<int> PhysAddrIoremap(Cpu cpu, Gpa guestIpa, Pfn pfn, ulong size)
    {
        var cache = new MemoryCache(TablePage, "page table");
        int ret = 0;
        uint end = (uint)(guestIpa.Value + size + PageSize.Bytes - 1) & unchecked((uint)~(PageSize.Bytes - 1)); // PAGE_MASK is an unsigned long (A12-11)
        for (ulong addr = guestIpa.Value; addr < end; addr += PageSize.Bytes)
        {
            ret = TopUpMemoryCache(cpu, cache, 2, 2);
            if (ret != 0)
            {
                break;
            }

            await cpu.Lock(pgdLock);
            await Stage2SetPte(cpu, cache, new Gpa(addr).Gfn, PageEntry(pfn, Read | Write | Device | AccessFlag));
            await cpu.Unlock(pgdLock);
            pfn = new Pfn(pfn.Value + 1);
        }

        cache.Free(cpu);
        return ret;
    }

    // mmu_topup_memory_cache().
    private int TopUpMemoryCache(Cpu cpu, MemoryCache cache, int min, int max)
    {
        Kvm.WarnOn(cpu, max > KvmNrMemObjs, "a memory cache is filled beyond KVM_NR_MEM_OBJS");
        if (cache.Count < min && Tables.FailAfter is { } left && left < max - cache.Count)
        {
            return -Errno.ENOMEM;
        }

        cache.TopUp(cpu, min, max);
        return 0;
    }

    // user_mem_abort() of the series, without what the patch does not offer.
    private async Coroutine<int> UserMemAbort(Cpu cpu, Vcpu vcpu, Gfn gfn)
    {
        cpu.Log($"user_mem_abort(gfn {gfn})");
        UserPage page = await Kvm.GfnToPfnProt(cpu, gfn, write: true);
        if (!page.Ok)
        {
            return -Errno.EFAULT;
        }

        // We need minimum second and third level pages.
        int ret = TopUpMemoryCache(cpu, vcpu.MmuPageCache, 2, KvmNrMemObjs);
        if (ret == 0)
        {
            await cpu.Lock(pgdLock);
            await Stage2SetPte(cpu, vcpu.MmuPageCache, gfn, PageEntry(page.Pfn, PageKvmGuest));
            await cpu.Unlock(pgdLock);
            await Kvm.SetPfnDirty(cpu, page.Pfn);
        }

        await Kvm.ReleasePfnClean(cpu, page.Frame!);
        return ret;
    }
}
