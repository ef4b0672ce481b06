using static MmuStress.Mmu.ArmPteBits;

namespace MmuStress.Mmu;

/// <summary>A stage-2 page table as arm64 handles it today: several faults at a time, break before make, counted tables.</summary>
/// <remarks>
/// <para>
/// <b>Guarantee.</b> page_count() of a table is one more than its entries in use, and a table is freed only when that is 1 and nobody can be in it.
/// Faults walk together, under mmu_lock held for read: who changes an entry makes it KVM_INVALID_PTE_LOCKED first, by compare-and-exchange with
/// what it has seen, so that one of them wins and the others have their guests fault again. Between the old entry and the new one is a TLBI.
/// Everybody else holds mmu_lock for write, and so never meets a locked entry, nor anybody in a table that it frees. A fault that puts a block in
/// the place of a table is the exception: others may be in that table, and so it is freed by RCU, in whose read-side sections faults walk.
/// </para>
/// Mirrors: arch/arm64/kvm/hyp/pgtable.c (v6.12).
/// Locking: mmu_lock, for read in walks that are <see cref="WalkFlags.Shared"/>, for write in the others.
/// Differs: a block's first frame may have any number, as the host's huge pages are consecutive frames and not aligned. No cache maintenance. A TLBI is sent for each entry, as without FEAT_TLBIRANGE. Level 0 is the last one.
/// </remarks>
internal partial class KvmPgtable
{
    /// <summary>KVM_INVALID_PTE_LOCKED: an invalid entry of which a break-before-make sequence is in progress.</summary>
    public const ulong InvalidPteLocked = 1UL << 10;

    private const ulong LeafAttrS2Perms = Read | Write;

    private readonly Arm64Mmu arch;
    private readonly Page pgd;

    /// <summary>__kvm_pgtable_stage2_init(): an empty table.</summary>
    /// <param name="arch">Whose it is.</param>
    public KvmPgtable(Arm64Mmu arch)
    {
        this.arch = arch;
        Page? root = arch.Tables.Allocate("pgd");
        Invariant.Holds(root is not null, "there is memory for a page table");
        pgd = root;
        Roots = [root];
    }

    /// <summary>A visitor: kvm_pgtable_visitor_fn_t.</summary>
    /// <param name="cpu">The caller of the walk.</param>
    /// <param name="ctx">The entry.</param>
    /// <param name="visit">Why it is visited.</param>
    /// <returns>0 to go on, or a negative error number.</returns>
    private delegate Coroutine<int> Visitor(Cpu cpu, VisitContext ctx, WalkFlags visit);

    /// <summary>pgt->pgd.</summary>
    public Page Pgd => pgd;

    /// <summary>The top-level tables.</summary>
    public IReadOnlyList<Page> Roots { get; }

    /// <summary>Whose it is.</summary>
    protected Arm64Mmu Arch => arch;

    /// <summary>The struct pages of its tables.</summary>
    protected TablePages Tables => arch.Tables;

    /// <summary>kvm_pgtable_stage2_map(): one page, or one block where <paramref name="size"/> is what an entry of a higher level is for.</summary>
    /// <param name="cpu">The vCPU's thread; holds mmu_lock for read.</param>
    /// <param name="gfn">Where.</param>
    /// <param name="size">How many frames.</param>
    /// <param name="pfn">The first of as many pages.</param>
    /// <param name="prot">Bits of the entry.</param>
    /// <param name="memcache">Where tables come from.</param>
    /// <returns>0, or -EAGAIN where somebody else was quicker or the same page is mapped already.</returns>
    public Coroutine<int> Map(Cpu cpu, Gfn gfn, ulong size, Pfn pfn, ulong prot, MemoryCache memcache)
    {
        var data = new WalkData { Addr = gfn, Start = gfn, End = gfn + size, Phys = pfn, Attr = prot, Memcache = memcache };
        return Walk(cpu, data, Stage2MapWalker, WalkFlags.TablePre | WalkFlags.Leaf | WalkFlags.Shared | WalkFlags.HandleFault);
    }

    /// <summary>kvm_pgtable_stage2_unmap().</summary>
    /// <param name="cpu">The caller; holds mmu_lock for write.</param>
    /// <param name="start">The first frame.</param>
    /// <param name="end">The frame after the last.</param>
    /// <returns>0.</returns>
    public Coroutine<int> Unmap(Cpu cpu, Gfn start, Gfn end) =>
        Walk(cpu, new WalkData { Addr = start, End = end }, Stage2UnmapWalker, WalkFlags.Leaf | WalkFlags.TablePost);

    /// <summary>kvm_pgtable_stage2_wrprotect().</summary>
    /// <param name="cpu">The caller; holds mmu_lock for write.</param>
    /// <param name="start">The first frame.</param>
    /// <param name="end">The frame after the last.</param>
    /// <returns>0.</returns>
    public Coroutine<int> Wrprotect(Cpu cpu, Gfn start, Gfn end) =>
        Walk(cpu, new WalkData { Addr = start, End = end, AttrClr = Write }, Stage2AttrWalker, WalkFlags.Leaf);

    /// <summary>kvm_pgtable_stage2_mkyoung().</summary>
    /// <param name="cpu">The vCPU's thread; holds mmu_lock for read.</param>
    /// <param name="gfn">Where.</param>
    /// <returns>0, or -EAGAIN where the entry is not what it was when the guest faulted.</returns>
    public Coroutine<int> Mkyoung(Cpu cpu, Gfn gfn) =>
        Walk(cpu, new WalkData { Addr = gfn, End = gfn.Next, AttrSet = AccessFlag }, Stage2AttrWalker, WalkFlags.Leaf | WalkFlags.Shared | WalkFlags.HandleFault);

    /// <summary>kvm_pgtable_stage2_relax_perms(), without the TLBI that follows it.</summary>
    /// <param name="cpu">The vCPU's thread; holds mmu_lock for read.</param>
    /// <param name="gfn">Where.</param>
    /// <param name="prot">What the guest may do from now on, in addition.</param>
    /// <returns>0, or -EAGAIN where the entry is not what it was when the guest faulted.</returns>
    public Coroutine<int> RelaxPerms(Cpu cpu, Gfn gfn, ulong prot) =>
        Walk(cpu, new WalkData { Addr = gfn, End = gfn.Next, AttrSet = prot & LeafAttrS2Perms }, Stage2AttrWalker, WalkFlags.Leaf | WalkFlags.Shared | WalkFlags.HandleFault);

    /// <summary>kvm_pgtable_stage2_test_clear_young(..., mkold).</summary>
    /// <param name="cpu">The caller; holds mmu_lock for write.</param>
    /// <param name="start">The first frame.</param>
    /// <param name="end">The frame after the last.</param>
    /// <returns>Whether an entry was young.</returns>
    public async Coroutine<bool> TestClearYoung(Cpu cpu, Gfn start, Gfn end)
    {
        var data = new WalkData { Addr = start, End = end };
        await Walk(cpu, data, Stage2AgeWalker, WalkFlags.Leaf);
        return data.Young;
    }

    /// <summary>kvm_pgtable_stage2_test_clear_young(..., !mkold) of one page.</summary>
    /// <param name="cpu">The caller; holds mmu_lock for write.</param>
    /// <param name="gfn">Where.</param>
    /// <returns>Whether its entry is young.</returns>
    public bool TestYoung(Cpu cpu, Gfn gfn)
    {
        int level = arch.Geometry.RootLevel;
        ulong entry = cpu.Read(pgd[arch.Geometry.IndexOf(gfn, level)]);
        while (IsTable(entry, level))
        {
            level--;
            entry = cpu.Read(arch.Follow(entry)[arch.Geometry.IndexOf(gfn, level)]);
        }

        return (entry & (Valid | AccessFlag)) == (Valid | AccessFlag);
    }

    /// <summary>kvm_pgtable_stage2_destroy_range(): drops what is counted and frees tables that nothing is left in. Nobody else can reach the table any more.</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="start">The first frame.</param>
    /// <param name="end">The frame after the last.</param>
    /// <returns>0.</returns>
    public Coroutine<int> DestroyRange(Cpu cpu, Gfn start, Gfn end) =>
        Walk(cpu, new WalkData { Addr = start, End = end }, Stage2FreeWalker, WalkFlags.Leaf | WalkFlags.TablePost);

    /// <summary>kvm_pgtable_stage2_free_unlinked(): frees a table that no entry leads to, and what is below it.</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="table">The table; nobody is in it.</param>
    /// <param name="level">The level of the table that it was linked from.</param>
    /// <returns>When it is freed.</returns>
    public async Coroutine FreeUnlinked(Cpu cpu, Page table, int level)
    {
        // At this point the IPA really doesn't matter, as this page table being torn down has already been unlinked.
        var data = new WalkData { End = new Gfn(arch.Geometry.FramesPerEntry(level)) };
        int ret = await WalkTable(cpu, data, table, level - 1, Stage2FreeWalker, WalkFlags.Leaf | WalkFlags.TablePost | WalkFlags.Unlinked);
        Kvm.WarnOn(cpu, ret != 0, "the walk of an unlinked table fails");
        Kvm.WarnOn(cpu, await Tables.PageCount(cpu, table) != 1, "an unlinked table is freed that has entries");
        await Tables.PutPage(cpu, table);
    }

    /// <summary>kvm_pgtable_stage2_destroy_pgd().</summary>
    /// <param name="cpu">The caller.</param>
    /// <returns>When it is given back.</returns>
    public Coroutine DestroyPgd(Cpu cpu) => Tables.PutPage(cpu, pgd);

    // kvm_pgtable_walk_continue().
    private static bool WalkContinues(WalkFlags flags, int ret) =>
        ret == 0 || (ret == -Errno.EAGAIN && (flags & WalkFlags.HandleFault) == WalkFlags.None);

    private static bool IsValid(ulong pte) => (pte & Valid) != 0;

    /// <summary>kvm_pte_table().</summary>
    /// <param name="pte">An entry.</param>
    /// <param name="level">The level of the table it is in.</param>
    /// <returns>Whether it leads to a table.</returns>
    protected static bool IsTable(ulong pte, int level) => level > 0 && (pte & TypeMask) == TypeMask;

    /// <summary>stage2_pte_is_counted().</summary>
    /// <param name="pte">An entry.</param>
    /// <returns>Whether the page that it is in has a reference for it.</returns>
    protected static bool IsCounted(ulong pte) => pte != 0;

    // stage2_pte_is_locked().
    private static bool IsLocked(ulong pte) => !IsValid(pte) && (pte & InvalidPteLocked) != 0;

    // kvm_pgtable_walk().
    private async Coroutine<int> Walk(Cpu cpu, WalkData data, Visitor visitor, WalkFlags flags)
    {
        bool isShared = (flags & WalkFlags.Shared) != WalkFlags.None;
        if (isShared)
        {
            arch.Rcu.ReadLock(cpu); // kvm_pgtable_walk_begin()
        }

        int ret = await WalkTable(cpu, data, pgd, arch.Geometry.RootLevel, visitor, flags);
        if (isShared)
        {
            arch.Rcu.ReadUnlock(cpu); // kvm_pgtable_walk_end()
            await arch.FreeUnlinkedTables(cpu);
        }

        return ret;
    }

    // __kvm_pgtable_walk().
    private async Coroutine<int> WalkTable(Cpu cpu, WalkData data, Page table, int level, Visitor visitor, WalkFlags flags)
    {
        int ret = 0;
        for (int index = arch.Geometry.IndexOf(data.Addr, level); index < arch.Geometry.EntriesPerTable && data.Addr < data.End; index++)
        {
            ret = await Visit(cpu, data, table, index, level, visitor, flags);
            if (ret != 0)
            {
                break;
            }
        }

        return ret;
    }

    // __kvm_pgtable_visit().
    private async Coroutine<int> Visit(Cpu cpu, WalkData data, Page table, int index, int level, Visitor visitor, WalkFlags flags)
    {
        Word ptep = table[index];
        bool isMarked = (flags & (WalkFlags.Shared | WalkFlags.Unlinked)) != WalkFlags.None;
        ulong old = isMarked ? await cpu.LoadAcquire(ptep) : cpu.Read(ptep); // kvm_dereference_pteref()
        var ctx = new VisitContext(ptep, table, old, data, data.Addr, level, flags);
        int ret = 0;
        WalkFlags visit = IsTable(old, level) ? WalkFlags.TablePre : WalkFlags.Leaf;
        if ((flags & visit) != WalkFlags.None)
        {
            ret = await visitor(cpu, ctx, visit);

            // Reload the page table after invoking the walker callback for leaf entries or after pre-order traversal, to allow the walker to descend
            // into a newly installed or replaced table.
            if (level > 0 && WalkContinues(flags, ret))
            {
                ctx = ctx with { Old = isMarked ? await cpu.LoadAcquire(ptep) : cpu.Read(ptep) };
            }
        }

        if (WalkContinues(flags, ret))
        {
            if (!IsTable(ctx.Old, level))
            {
                ulong granule = arch.Geometry.FramesPerEntry(level);
                data.Addr = new Gfn((data.Addr.Value & ~(granule - 1)) + granule);
            }
            else
            {
                ret = await WalkTable(cpu, data, arch.Follow(ctx.Old), level - 1, visitor, flags);
                if (WalkContinues(flags, ret) && (flags & WalkFlags.TablePost) != WalkFlags.None)
                {
                    ret = await visitor(cpu, ctx, WalkFlags.TablePost);
                }
            }
        }

        return WalkContinues(flags, ret) ? 0 : ret;
    }

    private async Coroutine PutTable(Cpu cpu, Page table)
    {
        if (await Tables.PageCount(cpu, table) == 1)
        {
            arch.Kvm.Tracepoints?.TableFreed(cpu, arch.Kvm, table);
        }

        await Tables.PutPage(cpu, table);
    }
}
