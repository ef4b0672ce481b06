namespace MmuStress.Explorer;

/// <summary>The part of the Linux-kernel memory model that is about plain accesses.</summary>
/// <remarks>Mirrors: the section "Plain accesses and data races" of linux-kernel.cat.</remarks>
internal sealed class LkmmRaces(BasicRelations basic, LkmmFences fences)
{
    private readonly Relation rcuFence = new();
    private readonly Relation fence = new();
    private readonly Relation strongFence = new();
    private readonly Relation xbStar = new();
    private readonly Relation vis = new();
    private readonly Relation wPreBounded = new();
    private readonly Relation rPreBounded = new();
    private readonly Relation wPostBounded = new();
    private readonly Relation rPostBounded = new();
    private readonly Relation wwVis = new();
    private readonly Relation wrVis = new();
    private readonly Relation rwXbStar = new();
    private readonly Relation wrRf = new();
    private readonly Relation t1 = new();
    private readonly Relation t2 = new();

    /// <summary>empty (wr-incoh | rw-incoh | ww-incoh) as plain-coherence.</summary>
    public bool IsPlainCoherent(in LkmmOrders orders)
    {
        ComputeFences(orders);
        ComputeVisibility(orders);
        ComputeBounds(orders);

        // let ww-vis = fence | (strong-fence ; xbstar ; w-pre-bounded) | (w-post-bounded ; vis ; w-pre-bounded)
        // let wr-vis = fence | (strong-fence ; xbstar ; r-pre-bounded) | (w-post-bounded ; vis ; r-pre-bounded)
        t1.SetComposition(strongFence, xbStar);
        t1.AddComposition(wPostBounded, vis);
        wwVis.CopyFrom(fence);
        wwVis.AddComposition(t1, wPreBounded);
        wrVis.CopyFrom(fence);
        wrVis.AddComposition(t1, rPreBounded);

        // let rw-xbstar = fence | (r-post-bounded ; xbstar ; w-pre-bounded)
        t1.SetComposition(rPostBounded, xbStar);
        rwXbStar.CopyFrom(fence);
        rwXbStar.AddComposition(t1, wPreBounded);

        // wr-incoh = pre-race & rf & rw-xbstar^-1, and so on
        return !Meets(basic.Rf, rwXbStar) && !Meets(basic.Fr, wrVis) && !Meets(basic.Graph.Co, wwVis);
    }

    /// <summary>Data races and mixed accesses; to be asked after <see cref="IsPlainCoherent"/> said yes.</summary>
    public LkmmFlags Flags()
    {
        LkmmFlags flags = LkmmFlags.None;
        for (int a = 0; a < basic.Count; a++)
        {
            for (int b = EventSet.NextBit(basic.PoLoc.Row(a), 0); b >= 0; b = EventSet.NextBit(basic.PoLoc.Row(a), b + 1))
            {
                // let mixed-accesses = ([Plain & W] ; (po-loc \ barrier) ; [Marked]) | ([Marked] ; (po-loc \ barrier) ; [Plain & W])
                if (!fences.Barrier[a, b]
                    && ((fences.Plain[a] && basic.Writes[a] && fences.Marked[b]) || (fences.Marked[a] && fences.Plain[b] && basic.Writes[b])))
                {
                    flags |= LkmmFlags.MixedAccesses;
                }
            }
        }

        return HasRace() ? flags | LkmmFlags.DataRace : flags;
    }

    private bool HasRace()
    {
        // co? ; rf
        wrRf.CopyFrom(basic.Rf);
        wrRf.AddComposition(basic.Graph.Co, basic.Rf);
        for (int a = 0; a < basic.Count; a++)
        {
            for (int b = 0; b < basic.Count; b++)
            {
                if (!IsPreRace(a, b))
                {
                    continue;
                }

                // let ww-nonrace = ww-vis & ((Marked * W) | rw-xbstar) & ((W * Marked) | wr-vis)
                if (basic.Graph.Co[a, b]
                    && !(wwVis[a, b] && (fences.Marked[a] || rwXbStar[a, b]) && (fences.Marked[b] || wrVis[a, b])))
                {
                    return true;
                }

                // let wr-race = (pre-race & (co? ; rf)) \ wr-vis \ rw-xbstar^-1
                // let rw-race = (pre-race & fr) \ rw-xbstar
                if ((wrRf[a, b] && !wrVis[a, b] && !rwXbStar[b, a]) || (basic.Fr[a, b] && !rwXbStar[a, b]))
                {
                    return true;
                }
            }
        }

        return false;
    }

    // let pre-race = ext & ((Plain * M) | ((M \ IW) * Plain))
    private bool IsPreRace(int a, int b) =>
        !basic.Internal[a, b] && basic.Accesses[a] && basic.Accesses[b] && (fences.Plain[a] || fences.Plain[b]);

    // Whether pre-race & forth & back^-1 has a member.
    private bool Meets(Relation forth, Relation back)
    {
        for (int a = 0; a < basic.Count; a++)
        {
            for (int b = EventSet.NextBit(forth.Row(a), 0); b >= 0; b = EventSet.NextBit(forth.Row(a), b + 1))
            {
                if (back[b, a] && IsPreRace(a, b))
                {
                    return true;
                }
            }
        }

        return false;
    }

    // let rcu-fence = po ; rcu-order ; po?
    // let fence = fence | rcu-fence
    // let strong-fence = strong-fence | rcu-fence
    private void ComputeFences(in LkmmOrders orders)
    {
        rcuFence.SetComposition(basic.Po, orders.RcuOrder);
        t1.CopyFrom(rcuFence);
        rcuFence.AddComposition(t1, basic.Po);
        fence.CopyFrom(fences.Fence);
        fence.UnionWith(rcuFence);
        strongFence.CopyFrom(fences.StrongFence);
        strongFence.UnionWith(rcuFence);
    }

    private void ComputeVisibility(in LkmmOrders orders)
    {
        // let rb = prop ; rcu-fence ; hb* ; pb* ; [Marked]
        t1.SetComposition(orders.Prop, rcuFence);
        t2.SetComposition(t1, orders.HbStar);
        xbStar.SetComposition(t2, orders.PbStar);
        xbStar.RestrictRange(fences.Marked);

        // let xbstar = (hb | pb | rb)*
        xbStar.UnionWith(orders.Hb);
        xbStar.UnionWith(orders.Pb);
        xbStar.Close();
        xbStar.AddIdentity();

        // let vis = cumul-fence* ; rfe? ; [Marked] ; ((strong-fence ; [Marked] ; xbstar) | (xbstar & int))
        t1.CopyFrom(strongFence);
        t1.RestrictRange(fences.Marked);
        t2.SetComposition(t1, xbStar);
        t2.AddIntersection(xbStar, basic.Internal);
        t1.CopyFrom(orders.CumulFenceStar);
        t1.AddComposition(orders.CumulFenceStar, orders.Rfe);
        t1.RestrictRange(fences.Marked);
        vis.SetComposition(t1, t2);
    }

    private void ComputeBounds(in LkmmOrders orders)
    {
        // let w-pre-bounded = [Marked] ; (addr | fence)?
        wPreBounded.CopyFrom(fence);
        wPreBounded.UnionWith(orders.Addr);
        wPreBounded.AddIdentity();
        wPreBounded.RestrictDomain(fences.Marked);

        // let r-pre-bounded = [Marked] ; (addr | nonrw-fence | ([R4rmb] ; fencerel(Rmb) ; [~Noreturn]))?
        rPreBounded.CopyFrom(fences.NonrwFence);
        rPreBounded.UnionWith(fences.RmbToAny);
        rPreBounded.UnionWith(orders.Addr);
        rPreBounded.AddIdentity();
        rPreBounded.RestrictDomain(fences.Marked);

        // let w-post-bounded = fence? ; [Marked] ; rmw-sequence
        wPostBounded.CopyFrom(fence);
        wPostBounded.AddIdentity();
        wPostBounded.RestrictRange(fences.Marked);
        if (orders.RmwSequence is { } rmwSequence)
        {
            t1.SetComposition(wPostBounded, rmwSequence);
            wPostBounded.CopyFrom(t1);
        }

        // let r-post-bounded = (nonrw-fence | ([~Noreturn] ; fencerel(Rmb) ; [R4rmb]))? ; [Marked]
        rPostBounded.CopyFrom(fences.NonrwFence);
        rPostBounded.UnionWith(fences.RmbFromAny);
        rPostBounded.AddIdentity();
        rPostBounded.RestrictRange(fences.Marked);
    }
}
