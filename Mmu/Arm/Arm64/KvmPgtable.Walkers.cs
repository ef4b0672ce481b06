using static MmuStress.Mmu.ArmPteBits;

namespace MmuStress.Mmu;

/// <content>The visitors.</content>
internal partial class KvmPgtable
{
    // stage2_pte_needs_update().
    private static bool NeedsUpdate(ulong old, ulong @new) => !IsValid(old) || !IsValid(@new) || ((old ^ @new) & ~LeafAttrS2Perms) != 0;

    // stage2_try_set_pte().
    private async Coroutine<bool> TrySetPte(Cpu cpu, VisitContext ctx, ulong @new)
    {
        if (!ctx.IsShared)
        {
            await cpu.WriteOnce(ctx.Ptep, @new);
        }
        else if (await cpu.CmpXchg(ctx.Ptep, ctx.Old, @new) != ctx.Old)
        {
            cpu.Log($"  cmpxchg(gfn {ctx.Addr}, level {ctx.Level}) => lost");
            return false;
        }

        arch.TraceSet(cpu, ctx.Addr, ctx.Level, ctx.Old, @new);
        return true;
    }

    // stage2_try_break_pte(): invalidates an entry as break-before-make asks for.
    private async Coroutine<bool> TryBreakPte(Cpu cpu, VisitContext ctx)
    {
        if (IsLocked(ctx.Old))
        {
            // Should never occur if this walker has exclusive access to the page tables.
            Kvm.WarnOn(cpu, !ctx.IsShared, "an exclusive walker meets a locked entry");
            return false;
        }

        if (!await TrySetPte(cpu, ctx, InvalidPteLocked))
        {
            return false;
        }

        // Perform the appropriate TLB invalidation based on the evicted pte value (if any).
        if (IsValid(ctx.Old))
        {
            await arch.TlbFlushVmidIpa(cpu);
        }

        if (IsCounted(ctx.Old))
        {
            await Tables.PutPage(cpu, ctx.Table);
        }

        return true;
    }

    // stage2_make_pte().
    private async Coroutine MakePte(Cpu cpu, VisitContext ctx, ulong @new)
    {
        Kvm.WarnOn(cpu, !IsLocked(ctx.Ptep.Peek), "an entry is made that was not broken before");
        if (IsCounted(@new))
        {
            await Tables.GetPage(cpu, ctx.Table);
        }

        await cpu.StoreRelease(ctx.Ptep, @new);
        arch.TraceSet(cpu, ctx.Addr, ctx.Level, InvalidPteLocked, @new);
    }

    // kvm_block_mapping_supported(), stage2_leaf_mapping_allowed(). The pages need not be aligned.
    private bool LeafMappingAllowed(VisitContext ctx)
    {
        ulong granule = arch.Geometry.FramesPerEntry(ctx.Level);
        return ctx.Level <= Arm64Mmu.MinBlockLevel && granule <= ctx.Data.End - ctx.Addr && arch.Geometry.AlignDown(ctx.Addr, ctx.Level) == ctx.Addr;
    }

    // stage2_map_walker_try_leaf(). -E2BIG means that the entry is for more than is to be mapped.
    private async Coroutine<int> MapWalkerTryLeaf(Cpu cpu, VisitContext ctx)
    {
        if (!LeafMappingAllowed(ctx))
        {
            return -Errno.E2BIG;
        }

        Pfn phys = new(ctx.Data.Phys.Value + (ctx.Addr - ctx.Data.Start)); // stage2_map_walker_phys_addr()
        ulong @new = ctx.Level == 0 ? ArmMmu.PageEntry(phys, ctx.Data.Attr) : ArmMmu.BlockEntry(phys, ctx.Data.Attr); // kvm_init_valid_leaf_pte()

        // Skip updating the PTE if we are trying to recreate the exact same mapping or only change the access permissions. Instead, the vCPU will
        // exit one more time from guest if still needed and then go through the path of relaxing permissions.
        if (!NeedsUpdate(ctx.Old, @new) || !await TryBreakPte(cpu, ctx))
        {
            return -Errno.EAGAIN;
        }

        await MakePte(cpu, ctx, @new);
        return 0;
    }

    // stage2_map_walker().
    private Coroutine<int> Stage2MapWalker(Cpu cpu, VisitContext ctx, WalkFlags visit) =>
        visit == WalkFlags.TablePre ? MapWalkTablePre(cpu, ctx) : MapWalkLeaf(cpu, ctx);

    // stage2_map_walk_table_pre(): puts a block in the place of a table.
    private async Coroutine<int> MapWalkTablePre(Cpu cpu, VisitContext ctx)
    {
        if (!LeafMappingAllowed(ctx))
        {
            return 0;
        }

        int ret = await MapWalkerTryLeaf(cpu, ctx);
        if (ret == 0)
        {
            await FreeUnlinkedTable(cpu, arch.Follow(ctx.Old), ctx.Level);
        }

        return ret;
    }

    /// <summary>mm_ops->free_unlinked_table().</summary>
    /// <param name="cpu">The caller; in an RCU section.</param>
    /// <param name="table">A table that no entry leads to any more, but in which others may be.</param>
    /// <param name="level">The level of the table that it was linked from.</param>
    /// <returns>When that is under way.</returns>
    protected virtual Coroutine FreeUnlinkedTable(Cpu cpu, Page table, int level) => arch.FreeUnlinkedTable(cpu, this, table, level);

    // stage2_map_walk_leaf().
    private async Coroutine<int> MapWalkLeaf(Cpu cpu, VisitContext ctx)
    {
        int ret = await MapWalkerTryLeaf(cpu, ctx);
        if (ret != -Errno.E2BIG)
        {
            return ret;
        }

        Page child = Tables.Allocate(cpu, ctx.Data.Memcache!); // zalloc_page()
        if (!await TryBreakPte(cpu, ctx))
        {
            await PutTable(cpu, child);
            return -Errno.EAGAIN;
        }

        // If we've run into an existing block mapping then replace it with a table. Accesses beyond 'end' that fall within the new table will be
        // mapped lazily.
        await MakePte(cpu, ctx, Arm64Mmu.InitTablePte(child));
        arch.Kvm.Tracepoints?.TableLinked(cpu, arch.Kvm, child, ctx.Level - 1);
        return 0;
    }

    // stage2_unmap_put_pte().
    private async Coroutine UnmapPutPte(Cpu cpu, VisitContext ctx)
    {
        // Clear the existing PTE, and perform break-before-make if it was valid.
        if (IsValid(ctx.Old))
        {
            await TrySetPte(cpu, ctx, 0); // kvm_clear_pte()
            await arch.TlbFlushVmidIpa(cpu);
        }

        await Tables.PutPage(cpu, ctx.Table);
    }

    // stage2_unmap_walker().
    private async Coroutine<int> Stage2UnmapWalker(Cpu cpu, VisitContext ctx, WalkFlags visit)
    {
        if (!IsValid(ctx.Old))
        {
            if (IsCounted(ctx.Old))
            {
                await TrySetPte(cpu, ctx, 0);
                await Tables.PutPage(cpu, ctx.Table);
            }

            return 0;
        }

        Page? child = null;
        if (IsTable(ctx.Old, ctx.Level))
        {
            child = arch.Follow(ctx.Old);
            if (await Tables.PageCount(cpu, child) != 1)
            {
                return 0;
            }
        }

        await UnmapPutPte(cpu, ctx);
        if (child is not null)
        {
            await PutTable(cpu, child);
        }

        return 0;
    }

    // stage2_attr_walker().
    private async Coroutine<int> Stage2AttrWalker(Cpu cpu, VisitContext ctx, WalkFlags visit)
    {
        if (!IsValid(ctx.Old))
        {
            return -Errno.EAGAIN;
        }

        ulong pte = (ctx.Old & ~ctx.Data.AttrClr) | ctx.Data.AttrSet;

        // We may race with the CPU trying to set the access flag here, but worst-case the access flag update gets lost.
        return pte != ctx.Old && !await TrySetPte(cpu, ctx, pte) ? -Errno.EAGAIN : 0;
    }

    // stage2_age_walker().
    private async Coroutine<int> Stage2AgeWalker(Cpu cpu, VisitContext ctx, WalkFlags visit)
    {
        ulong @new = ctx.Old & ~AccessFlag;
        if (!IsValid(ctx.Old) || @new == ctx.Old)
        {
            return 0;
        }

        // "But where's the TLBI?!", you scream. Over in the core code: see the clear_flush_young() callback.
        ctx.Data.Young = true;
        await TrySetPte(cpu, ctx, @new);
        return 0;
    }

    /// <summary>stage2_free_walker(), stage2_free_leaf(), stage2_free_table_post().</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="ctx">The entry.</param>
    /// <param name="visit">Why it is visited.</param>
    /// <returns>0.</returns>
    protected virtual async Coroutine<int> Stage2FreeWalker(Cpu cpu, VisitContext ctx, WalkFlags visit)
    {
        if (!IsCounted(ctx.Old))
        {
            return 0;
        }

        if (visit == WalkFlags.Leaf)
        {
            await Tables.PutPage(cpu, ctx.Table);
            return 0;
        }

        Page child = arch.Follow(ctx.Old);
        if (await Tables.PageCount(cpu, child) != 1)
        {
            return 0;
        }

        // Drop references and clear the now stale PTE to avoid rewalking the freed page table. Checkers are not told: what was put is still in the
        // leaves, as nobody can reach them.
        await Tables.PutPage(cpu, ctx.Table);
        await Tables.PutPage(cpu, child);
        await cpu.WriteOnce(ctx.Ptep, 0);
        return 0;
    }
}
