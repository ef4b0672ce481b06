namespace MmuStress.Explorer;

/// <summary>The Linux-kernel memory model.</summary>
/// <remarks>
/// Mirrors: tools/memory-model/linux-kernel.bell, linux-kernel.cat and lock.cat of v6.18. Relations have the names they have
/// there, with .NET's case; the comments quote the definitions. Initial values are no events here: nothing is ordered before
/// them, so they are on no cycle, and they are marked, so they race with nothing.
/// Source: Alglave, Maranget, McKenney, Parri, Stern, "Frightening small children and disconcerting grown-ups", ASPLOS 2018;
/// Documentation/explanation.txt beside those files.
/// </remarks>
public sealed class Lkmm : IConsistencyModel
{
    private readonly BasicRelations basic = new();
    private readonly GracePeriods gracePeriods = new();
    private readonly LkmmFences fences = new();
    private readonly LkmmRaces races;

    private readonly Relation addr = new();
    private readonly Relation data = new();
    private readonly Relation ctrl = new();
    private readonly Relation rfe = new();
    private readonly Relation rfi = new();
    private readonly Relation overwrite = new();
    private readonly Relation cumulFence = new();
    private readonly Relation cumulFenceStar = new();
    private readonly Relation rmwSequence = new();
    private readonly Relation ppo = new();
    private readonly Relation prop = new();
    private readonly Relation hb = new();
    private readonly Relation hbStar = new();
    private readonly Relation pb = new();
    private readonly Relation pbStar = new();
    private readonly Relation rcuLink = new();
    private readonly Relation t1 = new();
    private readonly Relation t2 = new();
    private readonly Relation none = new();
    private ulong[] row1 = [];
    private ulong[] row2 = [];
    private bool hasRmwSequence;
    private bool hasFiniteOrder;

    /// <summary>A model that allows or forbids.</summary>
    public Lkmm() => races = new LkmmRaces(basic, fences);

    /// <inheritdoc/>
    public string Name => "lkmm";

    /// <inheritdoc/>
    public void Load(ExecutionGraph graph)
    {
        basic.Load(graph);
        gracePeriods.Load(basic);
        fences.Load(basic);
        none.Reset(basic.Size);
        int words = Relation.WordsFor(basic.Size);
        if (row1.Length != words)
        {
            row1 = new ulong[words];
            row2 = new ulong[words];
        }
    }

    /// <inheritdoc/>
    public bool IsConsistent()
    {
        hasFiniteOrder = false;
        basic.LoadCommunication();
        if (!basic.IsCoherent() || !basic.IsAtomic())
        {
            return false;
        }

        Split();
        CarryDependencies();
        fences.LoadCommunication();
        ComputeHappensBefore();
        if (!hb.IsAcyclic())
        {
            return false;
        }

        // hb* is needed by pb, by rcu-link and by the rules for plain accesses.
        gracePeriods.MatchSrcuSections();
        bool isRcuNeeded = gracePeriods.IsNeeded;
        bool hasPlain = !fences.Plain.IsEmpty;
        if (fences.StrongFence.IsEmpty && !isRcuNeeded && !hasPlain)
        {
            return true;
        }

        hbStar.CopyFrom(hb);
        hbStar.Close();
        hbStar.AddIdentity();

        // let pb = prop ; strong-fence ; hb* ; [Marked]
        t1.SetComposition(prop, fences.StrongFence);
        pb.SetComposition(t1, hbStar);
        pb.RestrictRange(fences.Marked);
        if (!pb.IsAcyclic())
        {
            return false;
        }

        pbStar.CopyFrom(pb);
        pbStar.Close();
        pbStar.AddIdentity();
        if (isRcuNeeded)
        {
            ComputeRcuLink();
            if (!gracePeriods.ComputeOrder(rcuLink))
            {
                return false;
            }
        }

        hasFiniteOrder = true;
        return !hasPlain || IsPlainCoherent(isRcuNeeded);
    }

    /// <summary>What the model warns about in the execution that was found consistent last.</summary>
    /// <returns>The warnings.</returns>
    public LkmmFlags Flags()
    {
        LkmmFlags flags = LkmmFlags.None;
        if (gracePeriods.IsUnbalanced)
        {
            flags |= LkmmFlags.UnbalancedRcuLocking;
        }

        flags |= SrcuFlags();
        if (!fences.Plain.IsEmpty && hasFiniteOrder)
        {
            flags |= races.Flags();
        }

        return flags;
    }

    private LkmmFlags SrcuFlags()
    {
        LkmmFlags flags = LkmmFlags.None;
        ExecutionGraph graph = basic.Graph;
        for (int e = 0; e < graph.Count; e++)
        {
            EventKind kind = graph.Kind(e);
            if (kind is not (EventKind.SrcuLock or EventKind.SrcuUnlock))
            {
                continue;
            }

            int matches = 0;
            bool isFirst = true;
            int partner = -1;
            foreach ((int start, int end) in gracePeriods.SrcuSections)
            {
                if (start == e || end == e)
                {
                    int other = start == e ? end : start;
                    isFirst = partner < 0 || partner == other;
                    partner = other;
                    matches++;
                    flags |= isFirst ? LkmmFlags.None : LkmmFlags.MultipleSrcuMatches;
                    flags |= graph.Value(start) == graph.Value(end) ? LkmmFlags.None : LkmmFlags.SrcuBadValueMatch;
                }
            }

            if (matches == 0)
            {
                flags |= kind == EventKind.SrcuLock ? LkmmFlags.UnmatchedSrcuLock : LkmmFlags.UnmatchedSrcuUnlock;
            }
        }

        // rcu-rscs & (po ; [Sync-srcu] ; po)
        foreach ((int start, int end) in gracePeriods.Sections)
        {
            for (int e = start + 1; e < end; e++)
            {
                if (graph.Kind(e) == EventKind.SyncSrcu && graph.Cpu(e) == graph.Cpu(start))
                {
                    flags |= LkmmFlags.InvalidSleep;
                }
            }
        }

        return flags;
    }

    private void Split()
    {
        rfe.CopyFrom(basic.Rf);
        rfe.Subtract(basic.Internal);
        rfi.CopyFrom(basic.Rf);
        rfi.IntersectWith(basic.Internal);

        // let overwrite = co | fr
        overwrite.CopyFrom(basic.Graph.Co);
        overwrite.UnionWith(basic.Fr);

        // let rmw-sequence = (rf ; rmw)*
        rmwSequence.Reset(basic.Size);
        hasRmwSequence = false;
        foreach ((int read, int write) in basic.Rmw)
        {
            int source = basic.Graph.ReadsFrom(read);
            if (source >= 0)
            {
                rmwSequence.Add(source, write);
                hasRmwSequence = true;
            }
        }

        if (hasRmwSequence)
        {
            rmwSequence.Close();
            rmwSequence.AddIdentity();
        }
    }

    // let carry-dep = (data ; [~ Srcu-unlock] ; rfi)*
    // let addr = carry-dep ; addr, likewise ctrl and data.
    private void CarryDependencies()
    {
        ExecutionGraph graph = basic.Graph;
        t1.Reset(basic.Size);
        bool carries = false;
        for (int e = 0; e < graph.Count; e++)
        {
            ReadOnlySpan<ulong> row = graph.Data.Row(e);
            for (int w = EventSet.NextBit(row, 0); w >= 0; w = EventSet.NextBit(row, w + 1))
            {
                if (graph.Kind(w) != EventKind.SrcuUnlock)
                {
                    t1.AddRow(e, rfi.Row(w));
                    carries |= rfi.Row(w).ContainsAnyExcept(0UL);
                }
            }
        }

        addr.CopyFrom(graph.Addr);
        data.CopyFrom(graph.Data);
        ctrl.CopyFrom(graph.Ctrl);
        if (carries)
        {
            t1.Close();
            addr.AddComposition(t1, graph.Addr);
            data.AddComposition(t1, graph.Data);
            ctrl.AddComposition(t1, graph.Ctrl);
        }
    }

    private void ComputeHappensBefore()
    {
        // let to-w = rwdep | (overwrite & int) | (addr ; [Plain] ; wmb), where rwdep = (dep | ctrl) ; [W]
        ppo.CopyFrom(addr);
        ppo.UnionWith(data);
        t1.CopyFrom(ppo);
        ppo.UnionWith(ctrl);
        ppo.RestrictRange(basic.Writes);
        ppo.AddIntersection(overwrite, basic.Internal);
        if (!fences.Plain.IsEmpty)
        {
            t2.CopyFrom(addr);
            t2.RestrictRange(fences.Plain);
            ppo.AddComposition(t2, fences.Wmb);
        }

        // let to-r = (addr ; [R]) | (dep ; [Marked] ; rfi)
        t1.RestrictRange(fences.Marked);
        ppo.AddComposition(t1, rfi);
        t2.CopyFrom(addr);
        t2.RestrictRange(basic.Reads);
        ppo.UnionWith(t2);

        // let ppo = to-r | to-w | (fence & int) | (po-unlock-lock-po & int)
        ppo.AddIntersection(fences.Fence, basic.Internal);
        ppo.AddIntersection(fences.PoUnlockLockPo, basic.Internal);

        // let A-cumul(r) = (rfe ; [Marked])? ; r
        // let cumul-fence = [Marked] ; (A-cumul(strong-fence | po-rel) | wmb | po-unlock-lock-po) ; [Marked] ; rmw-sequence
        t1.CopyFrom(fences.StrongFence);
        t1.UnionWith(fences.PoRel);
        t2.CopyFrom(rfe);
        t2.RestrictRange(fences.Marked);
        cumulFence.CopyFrom(t1);
        cumulFence.AddComposition(t2, t1);
        cumulFence.UnionWith(fences.Wmb);
        cumulFence.UnionWith(fences.PoUnlockLockPo);
        cumulFence.RestrictDomain(fences.Marked);
        cumulFence.RestrictRange(fences.Marked);
        if (hasRmwSequence)
        {
            t1.SetComposition(cumulFence, rmwSequence);
            cumulFence.CopyFrom(t1);
        }

        // let prop = [Marked] ; (overwrite & ext)? ; cumul-fence* ; [Marked] ; rfe? ; [Marked]
        cumulFenceStar.CopyFrom(cumulFence);
        cumulFenceStar.Close();
        cumulFenceStar.AddIdentity();
        t1.CopyFrom(overwrite);
        t1.Subtract(basic.Internal);
        t2.SetComposition(t1, cumulFenceStar);
        t2.UnionWith(cumulFenceStar);
        t2.RestrictRange(fences.Marked);
        prop.CopyFrom(t2);
        prop.AddComposition(t2, rfe);
        prop.RestrictDomain(fences.Marked);
        prop.RestrictRange(fences.Marked);

        // let hb = [Marked] ; (ppo | rfe | ((prop \ id) & int)) ; [Marked]
        hb.CopyFrom(prop);
        hb.RemoveIdentity();
        hb.IntersectWith(basic.Internal);
        hb.UnionWith(ppo);
        hb.UnionWith(rfe);
        hb.RestrictDomain(fences.Marked);
        hb.RestrictRange(fences.Marked);
    }

    // let rcu-link = po? ; hb* ; pb* ; prop ; po
    // Only the rows that rcu-order asks for, row by row: a product of vectors and matrices is cheaper than one of matrices.
    private void ComputeRcuLink()
    {
        rcuLink.Reset(basic.Size);
        for (int e = 0; e < basic.Count; e++)
        {
            if (basic.Graph.Kind(e) is not (EventKind.SyncRcu or EventKind.SyncSrcu
                or EventKind.RcuLock or EventKind.RcuUnlock or EventKind.SrcuLock or EventKind.SrcuUnlock))
            {
                continue;
            }

            basic.Po.Row(e).CopyTo(row1);
            row1[e >> 6] |= 1UL << e;
            Multiply(hbStar);
            Multiply(pbStar);
            Multiply(prop);
            Multiply(basic.Po);
            rcuLink.AddRow(e, row1);
        }

        void Multiply(Relation relation)
        {
            Array.Clear(row2);
            relation.AddImage(row1, row2);
            (row1, row2) = (row2, row1);
        }
    }

    private bool IsPlainCoherent(bool isRcuNeeded) => races.IsPlainCoherent(new LkmmOrders
    {
        Addr = addr,
        Rfe = rfe,
        RmwSequence = hasRmwSequence ? rmwSequence : null,
        CumulFenceStar = cumulFenceStar,
        Prop = prop,
        Hb = hb,
        HbStar = hbStar,
        Pb = pb,
        PbStar = pbStar,
        RcuOrder = isRcuNeeded ? gracePeriods.Order : none,
    });
}
