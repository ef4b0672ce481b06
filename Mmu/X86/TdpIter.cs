namespace MmuStress.Mmu;

/// <summary>struct tdp_iter: goes through the entries of a root in pre-order, and can begin again at the root where its walk was interrupted.</summary>
/// <remarks>
/// Mirrors: arch/x86/kvm/mmu/tdp_iter.c and tdp_iter.h (v6.9), function by function. Levels are the kernel's: 1 is PG_LEVEL_4K.
/// Locking: mmu_lock in either way, or none; an RCU section in any case.
/// </remarks>
internal sealed class TdpIter
{
    /// <summary>PG_LEVEL_4K.</summary>
    public const int Level4K = 1;

    private readonly X86Mmu mmu;
    private readonly KvmMmuPage root;
    private readonly int rootLevel;
    private readonly int minLevel;
    private readonly Page[] ptPath;

    /// <summary>A walk of <paramref name="root"/>, not yet begun.</summary>
    public TdpIter(X86Mmu mmu, KvmMmuPage root, int minLevel, Gfn start)
    {
        this.mmu = mmu;
        this.root = root;
        this.minLevel = minLevel;
        rootLevel = mmu.Geometry.Levels;
        ptPath = new Page[rootLevel];
        NextLastLevelGfn = start;
        YieldedGfn = start;
    }

    /// <summary>iter->next_last_level_gfn: the frame the walk is on its way to.</summary>
    public Gfn NextLastLevelGfn { get; private set; }

    /// <summary>iter->yielded_gfn: <see cref="NextLastLevelGfn"/> when the walk last began at the root.</summary>
    public Gfn YieldedGfn { get; private set; }

    /// <summary>iter->sptep: the entry.</summary>
    public Word Sptep { get; private set; }

    /// <summary>iter->gfn: the first frame that the entry covers.</summary>
    public Gfn Gfn { get; private set; }

    /// <summary>iter->level: the level of the table that the entry is in.</summary>
    public int Level { get; private set; }

    /// <summary>iter->old_spte: what was in the entry when it was last read.</summary>
    public ulong OldSpte { get; set; }

    /// <summary>iter->valid: false at the end of the walk.</summary>
    public bool Valid { get; private set; }

    /// <summary>iter->yielded: mmu_lock was dropped, so the walk has to begin again at the root.</summary>
    public bool Yielded { get; set; }

    /// <summary>tdp_iter_start().</summary>
    public async Coroutine<bool> Start(Cpu cpu, Gfn end)
    {
        ptPath[rootLevel - 1] = root.Spt;
        await Restart(cpu);
        return Valid && Gfn < end;
    }

    /// <summary>tdp_iter_next(), and the condition of for_each_tdp_pte().</summary>
    public async Coroutine<bool> Next(Cpu cpu, Gfn end)
    {
        await Advance(cpu);
        return Valid && Gfn < end;
    }

    /// <summary>tdp_iter_restart(): back to the root, on the way to the same frame.</summary>
    public async Coroutine Restart(Cpu cpu)
    {
        Yielded = false;
        YieldedGfn = NextLastLevelGfn;
        Level = rootLevel;
        Gfn = RoundForLevel(NextLastLevelGfn, Level);
        await RefreshSptep(cpu);
        Valid = true;
    }

    /// <summary>tdp_iter_next().</summary>
    private async Coroutine Advance(Cpu cpu)
    {
        if (Yielded)
        {
            await Restart(cpu);
            return;
        }

        if (await TryStepDown(cpu))
        {
            return;
        }

        do
        {
            if (await TryStepSide(cpu))
            {
                return;
            }
        }
        while (await TryStepUp(cpu));

        Valid = false;
    }

    // gfn_round_for_level()
    private Gfn RoundForLevel(Gfn gfn, int level) => new(gfn.Value & ~(mmu.Geometry.FramesPerEntry(level - 1) - 1));

    // tdp_iter_refresh_sptep()
    private async Coroutine RefreshSptep(Cpu cpu)
    {
        Sptep = ptPath[Level - 1][mmu.Geometry.IndexOf(Gfn, Level - 1)];
        OldSpte = await X86Mmu.ReadSpte(cpu, Sptep);
    }

    // try_step_down()
    private async Coroutine<bool> TryStepDown(Cpu cpu)
    {
        if (Level == minLevel)
        {
            return false;
        }

        // Reread the SPTE before stepping down to avoid traversing into page tables that are no longer linked from this entry.
        OldSpte = await X86Mmu.ReadSpte(cpu, Sptep);
        if (!Spte.IsShadowPresent(OldSpte))
        {
            return false; // spte_to_child_pt()
        }

        Page child = mmu.ChildPt(OldSpte);
        Level--;
        ptPath[Level - 1] = child;
        Gfn = RoundForLevel(NextLastLevelGfn, Level);
        await RefreshSptep(cpu);
        return true;
    }

    // try_step_side()
    private async Coroutine<bool> TryStepSide(Cpu cpu)
    {
        int index = mmu.Geometry.IndexOf(Gfn, Level - 1);
        if (index == mmu.Geometry.EntriesPerTable - 1)
        {
            return false;
        }

        Gfn += mmu.Geometry.FramesPerEntry(Level - 1);
        NextLastLevelGfn = Gfn;
        Sptep = ptPath[Level - 1][index + 1];
        OldSpte = await X86Mmu.ReadSpte(cpu, Sptep);
        return true;
    }

    // try_step_up()
    private async Coroutine<bool> TryStepUp(Cpu cpu)
    {
        if (Level == rootLevel)
        {
            return false;
        }

        cpu.Machine.MadeProgress(); // NextLastLevelGfn never goes back, so this table's end is not passed again
        Level++;
        Gfn = RoundForLevel(Gfn, Level);
        await RefreshSptep(cpu);
        return true;
    }
}
