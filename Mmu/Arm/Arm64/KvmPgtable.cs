using static MmuStress.Mmu.ArmPteBits;

namespace MmuStress.Mmu;

/// <summary>A stage-2 page table as arm64 handles it today: several faults at a time, break before make, counted tables.</summary>
/// <remarks>
/// <para>
/// <b>Guarantee.</b> page_count() of a table is one more than its entries in use, and a table is freed only when that is 1 and nobody can be in it.
/// Faults walk together, under mmu_lock held for read: who changes an entry makes it KVM_INVALID_PTE_LOCKED first, by compare-and-exchange with
/// what it has seen, so that one of them wins and the others have their guests fault again. Between the old entry and the new one is a TLBI.
/// Everybody else holds mmu_lock for write, and so never meets a locked entry, nor anybody in a table that it frees.
/// </para>
/// Mirrors: arch/arm64/kvm/hyp/pgtable.c (v6.12).
/// Locking: mmu_lock, for read in walks that are <see cref="WalkFlags.Shared"/>, for write in the others.
/// Differs: pages only, no blocks: so no table is ever replaced by a block, which is all that RCU protects shared walkers from. No cache maintenance.
/// A TLBI is sent for each entry, as without FEAT_TLBIRANGE. Level 0 is the last one.
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

    /// <summary>kvm_pgtable_stage2_map() of one page.</summary>
    /// <param name="cpu">The vCPU's thread; holds mmu_lock for read.</param>
    /// <param name="gfn">Where.</param>
    /// <param name="leaf">The entry.</param>
    /// <param name="memcache">Where tables come from.</param>
    /// <returns>0, or -EAGAIN where somebody else was quicker or the same page is mapped already.</returns>
    public Coroutine<int> Map(Cpu cpu, Gfn gfn, ulong leaf, MemoryCache memcache)
    {
        var data = new WalkData { Addr = gfn, End = gfn.Next, Leaf = leaf, Memcache = memcache };
        return Walk(cpu, data, Stage2MapWalker, WalkFlags.Leaf | WalkFlags.Shared | WalkFlags.HandleFault);
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
        Page table = pgd;
        for (int level = arch.Geometry.RootLevel; level > 0; level--)
        {
            ulong entry = cpu.Read(table[arch.Geometry.IndexOf(gfn, level)]);
            if (!IsTable(entry, level))
            {
                return false;
            }

            table = arch.Follow(entry);
        }

        return (cpu.Read(table[arch.Geometry.IndexOf(gfn, 0)]) & (Valid | AccessFlag)) == (Valid | AccessFlag);
    }

    /// <summary>kvm_pgtable_stage2_destroy_range(): drops what is counted and frees tables that nothing is left in. Nobody else can reach the table any more.</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="start">The first frame.</param>
    /// <param name="end">The frame after the last.</param>
    /// <returns>0.</returns>
    public Coroutine<int> DestroyRange(Cpu cpu, Gfn start, Gfn end) =>
        Walk(cpu, new WalkData { Addr = start, End = end }, Stage2FreeWalker, WalkFlags.Leaf | WalkFlags.TablePost);

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
    private Coroutine<int> Walk(Cpu cpu, WalkData data, Visitor visitor, WalkFlags flags) =>
        WalkTable(cpu, data, pgd, arch.Geometry.RootLevel, visitor, flags);

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
        bool isShared = (flags & WalkFlags.Shared) != WalkFlags.None;
        ulong old = isShared ? await cpu.LoadAcquire(ptep) : cpu.Read(ptep); // kvm_dereference_pteref()
        var ctx = new VisitContext(ptep, table, old, data, data.Addr, level, flags);
        int ret = 0;
        if (!IsTable(old, level) && (flags & WalkFlags.Leaf) != WalkFlags.None)
        {
            ret = await visitor(cpu, ctx, WalkFlags.Leaf);

            // Reload the page table after invoking the walker callback for leaf entries, to descend into a newly installed table.
            if (level > 0 && WalkContinues(flags, ret))
            {
                ctx = ctx with { Old = isShared ? await cpu.LoadAcquire(ptep) : cpu.Read(ptep) };
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
