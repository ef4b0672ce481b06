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

        if (ctx.Level == 0)
        {
            arch.TraceSet(cpu, ctx.Addr, ctx.Old, @new);
        }

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
        if (ctx.Level == 0)
        {
            arch.TraceSet(cpu, ctx.Addr, InvalidPteLocked, @new);
        }
    }

    // stage2_map_walker_try_leaf().
    private async Coroutine<int> MapWalkerTryLeaf(Cpu cpu, VisitContext ctx)
    {
        // Skip updating the PTE if we are trying to recreate the exact same mapping or only change the access permissions. Instead, the vCPU will
        // exit one more time from guest if still needed and then go through the path of relaxing permissions.
        if (!NeedsUpdate(ctx.Old, ctx.Data.Leaf) || !await TryBreakPte(cpu, ctx))
        {
            return -Errno.EAGAIN;
        }

        await MakePte(cpu, ctx, ctx.Data.Leaf);
        return 0;
    }

    // stage2_map_walker(), stage2_map_walk_leaf().
    private async Coroutine<int> Stage2MapWalker(Cpu cpu, VisitContext ctx, WalkFlags visit)
    {
        if (ctx.Level == 0)
        {
            return await MapWalkerTryLeaf(cpu, ctx);
        }

        Page child = Tables.Allocate(cpu, ctx.Data.Memcache!); // zalloc_page()
        if (!await TryBreakPte(cpu, ctx))
        {
            await PutTable(cpu, child);
            return -Errno.EAGAIN;
        }

        // If we've run into an existing block mapping then replace it with a table.
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
