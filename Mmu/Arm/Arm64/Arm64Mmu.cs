namespace MmuStress.Mmu;

/// <summary>arm64's MMU as it is today: faults in parallel under mmu_lock held for read, break before make, VMIDs by <see cref="VmidAllocator"/>.</summary>
/// <remarks>
/// Mirrors: arch/arm64/kvm/mmu.c, arch/arm64/kvm/arm.c (v6.16). The page table is <see cref="KvmPgtable"/>.
/// A page is marked dirty after mmu_lock is given back, as on LoongArch (LA20-13). A fault at a memslot that is INVALID ends as MMIO (LA20-18).
/// Differs: no nested guests, no protected KVM. A vCPU thread that has its physical CPU to itself is loaded once; others are loaded
/// and put at each entry.
/// </remarks>
public partial class Arm64Mmu : ArmMmu
{
    private const int VmidBitsOfLargeHosts = 16;
    /// <summary>KVM_PGTABLE_MIN_BLOCK_LEVEL with 4 KiB pages, counted from the last level.</summary>
    internal const int MinBlockLevel = 2;


    private readonly Word vmid; // mmu->vmid.id
    private readonly int[] lastVcpuRan; // mmu->last_vcpu_ran of each physical CPU, by its own thread with preemption off; -1 for none
    private KvmPgtable? pgt;
    private VmidAllocator? vmids;

    /// <summary>The MMU of <paramref name="kvm"/>, with an empty page table.</summary>
    /// <param name="kvm">The VM.</param>
    public Arm64Mmu(Kvm kvm)
        : this(kvm, "arm64", static arch => new KvmPgtable(arch))
    {
    }

    private protected Arm64Mmu(Kvm kvm, string name, Func<Arm64Mmu, KvmPgtable> newPgtable)
        : base(kvm, name, new PageTableGeometry(kvm.Parameters.Levels, kvm.Parameters.EntriesPerTable))
    {
        vmid = Memory.Allocate("mmu->vmid", "kvm_vmid->id")[0];
        lastVcpuRan = new int[kvm.HostCpus.Length];
        Array.Fill(lastVcpuRan, -1);
        Rcu = new Rcu(kvm.Machine);
        pgt = newPgtable(this);
    }

    /// <inheritdoc/>
    public sealed override IReadOnlyList<Page> Roots => pgt?.Roots ?? [];

    private VmidAllocator Vmids => vmids ??= Kvm.Host.StaticsOf(NewVmids);

    // kvm_mmu_cache_min_pages().
    private int CacheMinPages => Geometry.Levels - 1;

    /// <inheritdoc/>
    public sealed override Page RootFor(Gfn gfn) => pgt!.Pgd;

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_unmap_gfn_range(). Every TLBI is sent before it returns. Locking: mmu_lock for write.</remarks>
    public sealed override async Coroutine<bool> UnmapGfnRange(Cpu cpu, KvmGfnRange range)
    {
        await UnmapStage2Range(cpu, range.Start, range.End, range.MayBlock);
        return false;
    }

    /// <inheritdoc/>
    /// <remarks>Differs: kvm_set_spte_gfn() went with change_pte in v6.10. Locking: mmu_lock.</remarks>
    public sealed override Coroutine<bool> SetSpteGfn(Cpu cpu, KvmGfnRange range) => new(false);

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_age_gfn(). Locking: mmu_lock for write.</remarks>
    public sealed override Coroutine<bool> AgeGfn(Cpu cpu, KvmGfnRange range) => pgt?.TestClearYoung(cpu, range.Start, range.End) ?? new(false);

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_test_age_gfn(). Locking: mmu_lock for write.</remarks>
    public override bool TestAgeGfn(Cpu cpu, KvmGfnRange range) => pgt is not null && pgt.TestYoung(cpu, range.Start);

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_flush_shadow_all(), kvm_free_stage2_pgd(), kvm_stage2_destroy(), stage2_destroy_range(). Locking: takes mmu_lock for write.</remarks>
    public sealed override async Coroutine FlushShadowAll(Cpu cpu)
    {
        await cpu.Lock(Kvm.MmuLock);
        KvmPgtable? unlinked = pgt;
        pgt = null;
        await cpu.Unlock(Kvm.MmuLock);
        if (unlinked is null)
        {
            return;
        }

        Gfn end = new(GpaFrames);
        Gfn next;
        for (Gfn addr = default; addr < end; addr = next)
        {
            next = RangeAddrEnd(addr, end);
            await unlinked.DestroyRange(cpu, addr, next);
            cpu.Machine.MadeProgress();
            if (next < end)
            {
                await cpu.CondResched();
            }
        }

        await unlinked.DestroyPgd(cpu);
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_flush_shadow_memslot(). Locking: takes mmu_lock for write.</remarks>
    public sealed override async Coroutine FlushShadowMemslot(Cpu cpu, Memslot slot)
    {
        GfnRange gfns = slot.Gfns(cpu);
        await cpu.Lock(Kvm.MmuLock);
        await UnmapStage2Range(cpu, gfns.Start, gfns.End, mayBlock: true);
        await cpu.Unlock(Kvm.MmuLock);
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_prepare_memory_region(): no memslot beyond the IPA space.</remarks>
    public override int PrepareMemoryRegion(Cpu cpu, Memslot? old, Memslot? @new, MemslotChange change) =>
        change is MemslotChange.Create or MemslotChange.Move && @new!.Gfns(cpu).End.Value > GpaFrames ? -Errno.EFAULT : 0;

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_commit_memory_region(), kvm_mmu_wp_memory_region(). Locking: takes mmu_lock for write.</remarks>
    public sealed override async Coroutine CommitMemoryRegion(Cpu cpu, Memslot? old, Memslot? @new, MemslotChange change)
    {
        // At this point memslot has been committed and there is an allocated dirty_bitmap[], dirty pages will be tracked while the memory slot is
        // write protected.
        if (@new is null || !@new.IsDirtyTrackEnabled(cpu) || change == MemslotChange.Delete || Kvm.Parameters.IsManualProtectAndInitSet)
        {
            return;
        }

        GfnRange gfns = @new.Gfns(cpu);
        await cpu.Lock(Kvm.MmuLock);
        await WpRange(cpu, gfns.Start, gfns.End);
        await cpu.Unlock(Kvm.MmuLock);
        await FlushRemoteTlbsMemslot(cpu, @new);
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_mmu_enable_log_dirty_pt_masked(): holes of the mask included. Locking: mmu_lock for write.</remarks>
    public sealed override Coroutine EnableLogDirtyPtMasked(Cpu cpu, Memslot slot, ulong gfnOffset, ulong mask)
    {
        Kvm.MmuLock.AssertHeld(cpu);
        Gfn first = slot.BaseGfn(cpu) + gfnOffset;
        return WpRange(cpu, first + (ulong)ulong.TrailingZeroCount(mask), first + ulong.Log2(mask) + 1);
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_flush_remote_tlbs_memslot(). Locking: slots_lock.</remarks>
    public sealed override Coroutine FlushRemoteTlbsMemslot(Cpu cpu, Memslot slot)
    {
        Kvm.SlotsLock.AssertHeld(cpu);
        return Kvm.FlushRemoteTlbs(cpu);
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_flush_remote_tlbs().</remarks>
    public sealed override async Coroutine<int> FlushRemoteTlbs(Cpu cpu)
    {
        await TlbFlushVmidIpa(cpu);
        return 0;
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_destroy_vm(): the page table went with release, in kvm_arch_flush_shadow_all().</remarks>
    public sealed override async Coroutine DestroyMm(Cpu cpu)
    {
        if (pgt is not null)
        {
            await FlushShadowAll(cpu);
        }

        Rcu.Barrier(cpu);
        await FreeUnlinkedTables(cpu);
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: __kvm_tlb_flush_vmid_ipa() and __kvm_tlb_flush_vmid(), as all of the VMID is dropped.</remarks>
    internal sealed override async Coroutine TlbFlushVmidIpa(Cpu cpu) => await BroadcastTlbi(cpu, Kvm.Host, Vmids.Vmid2Idx(await cpu.ReadOnce(vmid)));

    /// <summary>Says that an entry was written, for each frame where it maps or has mapped any.</summary>
    /// <param name="cpu">Who wrote it.</param>
    /// <param name="gfn">A guest frame of the entry.</param>
    /// <param name="level">The level of the table it is in.</param>
    /// <param name="old">What it was.</param>
    /// <param name="new">What it is.</param>
    internal void TraceSet(Cpu cpu, Gfn gfn, int level, ulong old, ulong @new)
    {
        if (level == 0)
        {
            TraceSetPte(cpu, gfn, old, @new);
        }
        else if (DecodeLeaf(old, level, gfn).Present || DecodeLeaf(@new, level, gfn).Present)
        {
            ulong granule = Geometry.FramesPerEntry(level);
            Gfn first = Geometry.AlignDown(gfn, level);
            for (ulong i = 0; i < granule; i++)
            {
                TraceSetPte(cpu, first + i, old, @new, level);
            }
        }
    }

    /// <summary>kvm_pte_follow(): the table that an entry leads to.</summary>
    /// <param name="pte">The entry.</param>
    /// <returns>The table.</returns>
    internal Page Follow(ulong pte) => TableOf(pte);

    /// <summary>kvm_init_table_pte(): the entry that leads to a table.</summary>
    /// <param name="table">The table.</param>
    /// <returns>The entry.</returns>
    internal static ulong InitTablePte(Page table) => TableEntry(table);

    private static VmidAllocator NewVmids(Host host)
    {
        int bits = host.Cpus.Length < (1 << host.TagBits) - 1 ? host.TagBits : VmidBitsOfLargeHosts;
        return new VmidAllocator(host.Machine, host.Cpus.Length, bits, cpu => BroadcastTlbiOfAll(cpu, host));
    }

    // stage2_range_addr_end().
    private Gfn RangeAddrEnd(Gfn addr, Gfn end) => Geometry.EndOfEntry(addr, end, Math.Min(MinBlockLevel, Geometry.RootLevel));

    // __unmap_stage2_range(), stage2_apply_range(). Caller holds mmu_lock for write, which may be dropped where it may block.
    private async Coroutine UnmapStage2Range(Cpu cpu, Gfn start, Gfn end, bool mayBlock)
    {
        Gfn next;
        for (Gfn addr = start; addr < end; addr = next)
        {
            if (pgt is null)
            {
                return;
            }

            next = RangeAddrEnd(addr, end);
            await pgt.Unmap(cpu, addr, next);
            cpu.Machine.MadeProgress();
            if (mayBlock && next < end)
            {
                await CondReschedWrite(cpu);
            }
        }
    }

    // stage2_wp_range().
    private async Coroutine WpRange(Cpu cpu, Gfn start, Gfn end)
    {
        Gfn next;
        for (Gfn addr = start; addr < end; addr = next)
        {
            if (pgt is null)
            {
                return;
            }

            next = RangeAddrEnd(addr, end);
            await pgt.Wrprotect(cpu, addr, next);
            cpu.Machine.MadeProgress();
            if (next < end)
            {
                await CondReschedWrite(cpu);
            }
        }
    }

    // cond_resched_rwlock_write(), when it is time.
    private async Coroutine CondReschedWrite(Cpu cpu)
    {
        await cpu.Unlock(Kvm.MmuLock);
        await cpu.CondResched();
        await cpu.Lock(Kvm.MmuLock);
    }
}
