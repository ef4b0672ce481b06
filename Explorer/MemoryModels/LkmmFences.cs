namespace MmuStress.Explorer;

/// <summary>The part of the Linux-kernel memory model that is about fences.</summary>
/// <remarks>Mirrors: the section "Basic relations" of linux-kernel.cat, and Marked and Plain of linux-kernel.bell.</remarks>
internal sealed class LkmmFences
{
    private readonly EventSet acquire = new();
    private readonly EventSet release = new();
    private readonly EventSet all = new();
    private readonly EventSet notNoreturn = new();
    private readonly Relation fixedMb = new();
    private readonly Relation fixedUnlockLock = new();
    private readonly Relation acqPo = new();
    private readonly Relation rmb = new();
    private readonly Relation gp = new();
    private readonly List<int> unlocks = [];
    private readonly List<int> afterUnlockLocks = [];
    private BasicRelations basic = null!;

    public EventSet Marked { get; } = new();

    public EventSet Plain { get; } = new();

    /// <summary>R4rmb: the reads that smp_rmb() orders.</summary>
    public EventSet R4Rmb { get; } = new();

    public Relation PoRel { get; } = new();

    public Relation Wmb { get; } = new();

    public Relation PoUnlockLockPo { get; } = new();

    public Relation StrongFence { get; } = new();

    /// <summary>nonrw-fence.</summary>
    public Relation NonrwFence { get; } = new();

    public Relation Fence { get; } = new();

    /// <summary>[R4rmb] ; fencerel(Rmb) ; [~Noreturn].</summary>
    public Relation RmbToAny { get; } = new();

    /// <summary>[~Noreturn] ; fencerel(Rmb) ; [R4rmb].</summary>
    public Relation RmbFromAny { get; } = new();

    public Relation Barrier { get; } = new();

    public void Load(BasicRelations relations)
    {
        basic = relations;
        LoadSets();
        foreach (Relation r in (ReadOnlySpan<Relation>)[fixedMb, fixedUnlockLock, acqPo, rmb, gp, PoRel, Wmb, RmbToAny, RmbFromAny, Barrier])
        {
            r.Reset(basic.Size);
        }

        unlocks.Clear();
        afterUnlockLocks.Clear();
        for (int e = 0; e < basic.Count; e++)
        {
            LoadFence(e, basic.Graph.Kind(e));
            LoadAccess(e);
        }

        LoadLocks();
    }

    /// <summary>What depends on who took a lock from whom.</summary>
    public void LoadCommunication()
    {
        PoUnlockLockPo.CopyFrom(fixedUnlockLock);
        StrongFence.CopyFrom(fixedMb);
        StrongFence.UnionWith(gp);
        if (unlocks.Count > 0)
        {
            // let po-unlock-lock-po = po ; [UL] ; (po|rf) ; [LKR] ; po
            foreach (int u in unlocks)
            {
                for (int l = EventSet.NextBit(basic.Rf.Row(u), 0); l >= 0; l = EventSet.NextBit(basic.Rf.Row(u), l + 1))
                {
                    if (basic.Graph.Kind(l) == EventKind.LockRead)
                    {
                        AddAround(PoUnlockLockPo, basic.PoInverse.Row(u), all, basic.Po.Row(l), all);
                    }
                }
            }

            AddAfterUnlockLock();
        }

        NonrwFence.CopyFrom(StrongFence);
        NonrwFence.UnionWith(PoRel);
        NonrwFence.UnionWith(acqPo);
        Fence.CopyFrom(NonrwFence);
        Fence.UnionWith(Wmb);
        Fence.UnionWith(rmb);
    }

    private void LoadSets()
    {
        ExecutionGraph graph = basic.Graph;
        foreach (EventSet set in (ReadOnlySpan<EventSet>)[acquire, release, all, notNoreturn, Marked, Plain, R4Rmb])
        {
            set.Reset(basic.Size);
        }

        for (int e = 0; e < basic.Count; e++)
        {
            EventFlags flags = graph.Flags(e);
            EventKind kind = graph.Kind(e);
            bool isNoreturn = (flags & EventFlags.Noreturn) != EventFlags.None && graph.IsRead(e);
            all.Add(e);
            if (kind is EventKind.Read or EventKind.Write && flags == EventFlags.None)
            {
                Plain.Add(e);
            }
            else
            {
                Marked.Add(e);
            }

            if (!isNoreturn)
            {
                notNoreturn.Add(e);
                if (graph.IsRead(e))
                {
                    R4Rmb.Add(e);
                }
            }

            // let Acquire = ACQUIRE \ W \ FailedRMW, and lock.cat adds LKR. Likewise Release and UL.
            bool hasFailed = HasFailed(e);
            if (((flags & EventFlags.Acquire) != EventFlags.None && graph.IsRead(e) && !hasFailed) || kind == EventKind.LockRead)
            {
                acquire.Add(e);
            }

            if (((flags & EventFlags.Release) != EventFlags.None && graph.IsWrite(e) && !hasFailed) || kind == EventKind.Unlock)
            {
                release.Add(e);
            }
        }
    }

    // let FailedRMW = RMW \ (domain(rmw) | range(rmw))
    private bool HasFailed(int e)
    {
        if ((basic.Graph.Flags(e) & EventFlags.Rmw) == EventFlags.None)
        {
            return false;
        }

        foreach ((int read, int write) in basic.Rmw)
        {
            if (read == e || write == e)
            {
                return false;
            }
        }

        return true;
    }

    private void LoadFence(int e, EventKind kind)
    {
        ReadOnlySpan<ulong> before = basic.PoInverse.Row(e);
        ReadOnlySpan<ulong> after = basic.Po.Row(e);
        EventSet m = basic.Accesses;
        switch (kind)
        {
            case EventKind.Rmb:
                // let rmb = [R4rmb] ; fencerel(Rmb) ; [R4rmb]
                AddAround(rmb, before, R4Rmb, after, R4Rmb);
                AddAround(RmbToAny, before, R4Rmb, after, notNoreturn);
                AddAround(RmbFromAny, before, notNoreturn, after, R4Rmb);
                break;
            case EventKind.Wmb:
                // let wmb = [W] ; fencerel(Wmb) ; [W]
                AddAround(Wmb, before, basic.Writes, after, basic.Writes);
                break;
            case EventKind.Mb:
                // ([M] ; fencerel(Mb) ; [M])
                AddAround(fixedMb, before, m, after, m);
                break;
            case EventKind.BeforeAtomic:
                // ([M] ; fencerel(Before-atomic) ; [RMW] ; po? ; [M])
                for (int a = EventSet.NextBit(after, 0); a >= 0; a = EventSet.NextBit(after, a + 1))
                {
                    if ((basic.Graph.Flags(a) & EventFlags.Rmw) != EventFlags.None)
                    {
                        AddAround(fixedMb, before, m, a, basic.Po.Row(a), m);
                    }
                }

                break;
            case EventKind.AfterAtomic:
                // ([M] ; po? ; [RMW] ; fencerel(After-atomic) ; [M])
                AddAfter(e, static (graph, a) => (graph.Flags(a) & EventFlags.Rmw) != EventFlags.None);
                break;
            case EventKind.AfterSpinlock:
                // ([M] ; po? ; [LKW] ; fencerel(After-spinlock) ; [M])
                AddAfter(e, static (graph, a) => graph.Kind(a) == EventKind.LockWrite);
                break;
            case EventKind.AfterSrcuReadUnlock:
                // ([M] ; po? ; [Srcu-unlock] ; fencerel(After-srcu-read-unlock) ; [M])
                AddAfter(e, static (graph, a) => graph.Kind(a) == EventKind.SrcuUnlock);
                break;
            case EventKind.AfterUnlockLock:
                afterUnlockLocks.Add(e);
                break;
            case EventKind.SyncRcu or EventKind.SyncSrcu:
                // let gp = po ; [Sync-rcu | Sync-srcu] ; po?
                AddAround(gp, before, all, e, after, all);
                break;
            default:
                break;
        }

        // fencerel(Barrier | Rmb | Wmb | Mb | Sync-rcu | Sync-srcu | Before-atomic | After-atomic | Acquire | Release |
        //     Rcu-lock | Rcu-unlock | Srcu-lock | Srcu-unlock) | (po ; [Release]) | ([Acquire] ; po)
        if (kind is EventKind.Barrier or EventKind.Rmb or EventKind.Wmb or EventKind.Mb or EventKind.SyncRcu or EventKind.SyncSrcu
                or EventKind.BeforeAtomic or EventKind.AfterAtomic or EventKind.RcuLock or EventKind.RcuUnlock
                or EventKind.SrcuLock or EventKind.SrcuUnlock
            || acquire[e] || release[e])
        {
            AddAround(Barrier, before, all, after, all);
        }
    }

    private void LoadAccess(int e)
    {
        ExecutionGraph graph = basic.Graph;
        ReadOnlySpan<ulong> before = basic.PoInverse.Row(e);
        EventSet m = basic.Accesses;
        if (release[e])
        {
            // let po-rel = [M] ; po ; [Release]
            AddTo(PoRel, before, m, e);
            AddTo(Barrier, before, all, e);
        }

        if (acquire[e])
        {
            // let acq-po = [Acquire] ; po ; [M]
            acqPo.AddRow(e, basic.Po.Row(e), m);
            Barrier.AddRow(e, basic.Po.Row(e));
        }

        if ((graph.Flags(e) & EventFlags.Mb) != EventFlags.None && !HasFailed(e))
        {
            // ([M] ; po ; [Mb & R]) | ([Mb & W] ; po ; [M])
            if (graph.IsRead(e))
            {
                AddTo(fixedMb, before, m, e);
            }
            else if (graph.IsWrite(e))
            {
                fixedMb.AddRow(e, basic.Po.Row(e), m);
            }
        }
    }

    private void LoadLocks()
    {
        for (int u = 0; u < basic.Count; u++)
        {
            if (basic.Graph.Kind(u) != EventKind.Unlock)
            {
                continue;
            }

            unlocks.Add(u);
            for (int l = EventSet.NextBit(basic.Po.Row(u), 0); l >= 0; l = EventSet.NextBit(basic.Po.Row(u), l + 1))
            {
                if (basic.Graph.Kind(l) == EventKind.LockRead)
                {
                    AddAround(fixedUnlockLock, basic.PoInverse.Row(u), all, basic.Po.Row(l), all);
                }
            }
        }
    }

    // ([M] ; po-unlock-lock-po ; [After-unlock-lock] ; po ; [M])
    private void AddAfterUnlockLock()
    {
        EventSet m = basic.Accesses;
        foreach (int fence in afterUnlockLocks)
        {
            for (int x = 0; x < basic.Count; x++)
            {
                if (m[x] && PoUnlockLockPo[x, fence])
                {
                    StrongFence.AddRow(x, basic.Po.Row(fence), m);
                }
            }
        }
    }

    private void AddAfter(int fence, Func<ExecutionGraph, int, bool> isMeant)
    {
        EventSet m = basic.Accesses;
        ReadOnlySpan<ulong> before = basic.PoInverse.Row(fence);
        for (int a = EventSet.NextBit(before, 0); a >= 0; a = EventSet.NextBit(before, a + 1))
        {
            if (isMeant(basic.Graph, a))
            {
                AddAround(fixedMb, basic.PoInverse.Row(a), m, basic.Po.Row(fence), m);
                if (m[a])
                {
                    fixedMb.AddRow(a, basic.Po.Row(fence), m);
                }
            }
        }
    }

    private static void AddTo(Relation relation, ReadOnlySpan<ulong> from, EventSet domain, int to)
    {
        for (int x = EventSet.NextBit(from, 0); x >= 0; x = EventSet.NextBit(from, x + 1))
        {
            if (domain[x])
            {
                relation.Add(x, to);
            }
        }
    }

    private static void AddAround(Relation relation, ReadOnlySpan<ulong> before, EventSet domain, ReadOnlySpan<ulong> after, EventSet range)
    {
        for (int x = EventSet.NextBit(before, 0); x >= 0; x = EventSet.NextBit(before, x + 1))
        {
            if (domain[x])
            {
                relation.AddRow(x, after, range);
            }
        }
    }

    private static void AddAround(Relation relation, ReadOnlySpan<ulong> before, EventSet domain, int middle, ReadOnlySpan<ulong> after, EventSet range)
    {
        AddAround(relation, before, domain, after, range);
        if (range[middle])
        {
            AddTo(relation, before, domain, middle);
        }
    }
}
