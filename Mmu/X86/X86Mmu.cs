namespace MmuStress.Mmu;

/// <summary>The TDP MMU of x86: faults install entries by compare-exchange under mmu_lock for read, or without it.</summary>
/// <remarks>
/// <para>
/// <b>Guarantee.</b> As of every MMU; and a table that a thread may still walk is not freed. The mechanism: entries are changed by
/// compare-exchange or exchange; a table is frozen entry by entry before it goes, and freed by RCU; a root is made invalid under mmu_lock for
/// write, so that no fault installs into it any more, then zapped, and freed when the last who holds it has let go.
/// </para>
/// Mirrors: arch/x86/kvm/mmu/tdp_mmu.c at 0089c055b560 (v6.9), tdp_iter.c, spte.c, and the callers in mmu.c; EPT without A/D bits.
/// Locking: mmu_lock (rwlock) > tdp_mmu_pages_lock; RCU inside mmu_lock.
/// Differs: no huge pages, no shadow paging, one address space. Only roots have a struct kvm_mmu_page. Whether a walk yields is
/// <see cref="KvmParameters.NeedBreak"/>. Roots are zapped in two passes, at the level below the root and at the root, as in v6.1.
/// A hardware walk is that of EPT: a fault drops the translation that it met.
/// </remarks>
public partial class X86Mmu : KvmArch
{
    private static readonly LockClass PagesLockClass = new("tdp_mmu_pages_lock", maySleep: false);
    private static readonly string[] RootsFields = ["tdp_mmu_roots"];

    private readonly SpinLock tdpMmuPagesLock;

    /// <summary>The MMU of <paramref name="kvm"/>.</summary>
    /// <param name="kvm">The VM.</param>
    public X86Mmu(Kvm kvm)
        : this(kvm, "x86")
    {
    }

    /// <summary>The MMU of <paramref name="kvm"/>, or one like it.</summary>
    /// <param name="kvm">The VM.</param>
    /// <param name="name">What users call it.</param>
    private protected X86Mmu(Kvm kvm, string name)
        : base(kvm, name)
    {
        Rcu = new Rcu(kvm.Machine);
        tdpMmuPagesLock = new SpinLock(kvm.Machine, PagesLockClass);
        rootsWord = kvm.Machine.Memory.Allocate("kvm->arch", RootsFields)[0];
    }

    /// <inheritdoc/>
    public sealed override IReadOnlyList<Page> Roots => Array.ConvertAll(tdpMmuRoots, static root => root.Spt);

    /// <inheritdoc/>
    public sealed override int TablesAwaitingFree => Rcu.Pending;

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_vcpu_load(), which the scheduler calls, too.</remarks>
    public sealed override bool WritesCpuAtLoad => true;

    /// <inheritdoc/>
    public sealed override bool DropsFaultingTranslation => true;

    private protected Rcu Rcu { get; }

    /// <summary>kvm->mmu_lock, an rwlock here.</summary>
    private protected SharedLock MmuLock => (SharedLock)Kvm.MmuLock;

    /// <inheritdoc/>
    /// <remarks>For checkers: the root that new faults use; else one that is on its way out.</remarks>
    public sealed override Page RootFor(Gfn gfn) => (Array.Find(tdpMmuRoots, static root => root.Invalid.Peek == 0) ?? tdpMmuRoots[^1]).Spt;

    /// <inheritdoc/>
    public sealed override bool TryDecodeTable(ulong entry, int level, out ulong frameNumber)
    {
        frameNumber = Spte.ToPfn(entry);
        return level > 0 && Spte.IsShadowPresent(entry);
    }

    /// <inheritdoc/>
    public sealed override LeafEntry DecodeLeaf(ulong entry, int level, Gfn gfn) =>
        level > 0 || !Spte.IsShadowPresent(entry)
            ? default
            : new LeafEntry(true, Spte.IsAccessed(entry), Spte.IsMmuWritable(entry), Spte.IsWritable(entry), new Pfn(Spte.ToPfn(entry)));

    /// <inheritdoc/>
    /// <remarks>From the root that the vCPU has loaded.</remarks>
    public sealed override Coroutine<LeafEntry> Walk(Cpu cpu, Vcpu vcpu, Gfn gfn) =>
        gfn.Value >= Geometry.Frames ? new Coroutine<LeafEntry>(default(LeafEntry)) : PageTableWalker.Walk(cpu, this, LoadedRoot(vcpu)!.Spt, gfn);

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_unmap_gfn_range(), kvm_tdp_mmu_unmap_gfn_range(). Locking: mmu_lock for write, which is dropped where that may sleep.</remarks>
    public sealed override async Coroutine<bool> UnmapGfnRange(Cpu cpu, KvmGfnRange range)
    {
        bool flush = false;
        for (KvmMmuPage? root = await NextRoot(cpu, null, OnlyValidRootsAreUnmapped); root is not null; root = await NextRoot(cpu, root, OnlyValidRootsAreUnmapped))
        {
            flush = await ZapLeafs(cpu, root, range.Start, range.End, range.MayBlock, flush);
        }

        return flush;
    }

    /// <summary>Whether kvm_tdp_mmu_unmap_gfn_range() leaves roots alone that are invalid.</summary>
    private protected virtual bool OnlyValidRootsAreUnmapped => false;

    /// <inheritdoc/>
    /// <remarks>Differs: kvm_set_spte_gfn() went with change_pte in v6.10; the start that precedes change_pte has zapped the entry.</remarks>
    public sealed override Coroutine<bool> SetSpteGfn(Cpu cpu, KvmGfnRange range) => new(false);

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_mmu_zap_all(), kvm_tdp_mmu_zap_all(). Locking: takes mmu_lock for write.</remarks>
    public sealed override async Coroutine FlushShadowAll(Cpu cpu)
    {
        await cpu.Lock(MmuLock);
        for (KvmMmuPage? root = await NextRoot(cpu, null, onlyValid: false); root is not null; root = await NextRoot(cpu, root, onlyValid: false))
        {
            await ZapRoot(cpu, root, shared: false);
        }

        await cpu.Unlock(MmuLock);
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_flush_shadow_memslot(), kvm_mmu_zap_all_fast(). Locking: takes mmu_lock for write, then for read.</remarks>
    public sealed override async Coroutine FlushShadowMemslot(Cpu cpu, Memslot slot)
    {
        cpu.Log($"kvm_mmu_zap_all_fast()");
        await cpu.Lock(MmuLock);
        await InvalidateAllRoots(cpu);

        // vCPUs let go of the roots before they enter the guest again.
        await Kvm.MakeAllCpusRequest(cpu, FreeObsoleteRootsRequest);
        await cpu.Unlock(MmuLock);

        // Everything must be dropped before the memslot goes: notifications cannot reach these entries afterwards.
        await ZapInvalidatedRoots(cpu);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Mirrors: kvm_arch_destroy_vm(): kvm_unload_vcpu_mmus(), kvm_mmu_uninit_tdp_mmu().
    /// Differs: takes mmu_lock to walk the roots, which the kernel needs no more by then.
    /// </remarks>
    public sealed override async Coroutine DestroyMm(Cpu cpu)
    {
        foreach (Vcpu vcpu in loadedVcpus)
        {
            await FreeRoot(cpu, vcpu);
        }

        await cpu.Lock(MmuLock);
        await InvalidateAllRoots(cpu);
        await cpu.Unlock(MmuLock);
        await ZapInvalidatedRoots(cpu);
        Rcu.Barrier(cpu);
        Kvm.WarnOn(cpu, tdpMmuRoots.Length != 0, "roots are left when the VM is destroyed");
    }

    // READ_ONCE(*rcu_dereference(sptep)), with the address dependency that the next read has.
    internal static Step ReadSpte(Cpu cpu, Word sptep) => cpu.LoadAcquire(sptep);

    // __va(): the table that an entry leads to.
    internal Page ChildPt(ulong spte)
    {
        Page? child = Kvm.Machine.Memory.PageAt(Spte.ToPfn(spte));
        Invariant.Holds(child is not null, "an entry above the last level leads to a page");
        return child;
    }
}
