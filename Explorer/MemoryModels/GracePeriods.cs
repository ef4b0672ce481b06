using System.Runtime.InteropServices;

namespace MmuStress.Explorer;

/// <summary>Orders grace periods and read-side critical sections of RCU and SRCU.</summary>
/// <remarks>
/// Mirrors: rcu-rscs of linux-kernel.bell and rcu-order of linux-kernel.cat.
/// A sequence of at least as many grace periods as read-side critical sections, joined by rcu-link, orders like a strong
/// fence; for SRCU where they are of one srcu_struct.
/// </remarks>
internal sealed class GracePeriods
{
    private readonly List<int> open = [];
    private readonly List<(int Lock, int Unlock)> sections = [];
    private readonly List<(int Lock, int Unlock)> srcuSections = [];
    private readonly List<int> periods = [];
    private readonly List<int> srcuPeriods = [];
    private readonly Relation before = new();
    private readonly Relation linked = new();
    private BasicRelations basic = null!;

    /// <summary>rcu-order.</summary>
    public Relation Order { get; } = new();

    /// <summary>Whether there are a grace period and a critical section. Without both there is nothing that fences do not order.</summary>
    public bool IsNeeded => (periods.Count > 0 && sections.Count > 0) || (srcuPeriods.Count > 0 && srcuSections.Count > 0);

    /// <summary>Whether there is a grace period.</summary>
    public bool HasPeriods => periods.Count + srcuPeriods.Count > 0;

    /// <summary>Whether there is a lock without an unlock of RCU, or the other way round.</summary>
    public bool IsUnbalanced { get; private set; }

    /// <summary>srcu-rscs, for those who want to check how they match.</summary>
    public ReadOnlySpan<(int Lock, int Unlock)> SrcuSections => CollectionsMarshal.AsSpan(srcuSections);

    /// <summary>rcu-rscs.</summary>
    public ReadOnlySpan<(int Lock, int Unlock)> Sections => CollectionsMarshal.AsSpan(sections);

    public void Load(BasicRelations relations)
    {
        basic = relations;
        periods.Clear();
        srcuPeriods.Clear();
        sections.Clear();
        srcuSections.Clear();
        IsUnbalanced = false;
        ExecutionGraph graph = relations.Graph;
        for (int e = 0; e < graph.Count; e++)
        {
            switch (graph.Kind(e))
            {
                case EventKind.SyncRcu:
                    periods.Add(e);
                    break;
                case EventKind.SyncSrcu:
                    srcuPeriods.Add(e);
                    break;
                default:
                    break;
            }
        }

        MatchSections();
    }

    /// <summary>Pairs each srcu_read_unlock() with the srcu_read_lock() whose value it was given.</summary>
    /// <remarks>
    /// Mirrors: linux-kernel.bell:
    /// let carry-srcu-data = (data ; [~ Srcu-unlock] ; rf)*
    /// let srcu-rscs = ([Srcu-lock] ; carry-srcu-data ; data ; [Srcu-unlock]) &amp; loc.
    /// </remarks>
    public void MatchSrcuSections()
    {
        srcuSections.Clear();
        ExecutionGraph graph = basic.Graph;
        bool isUsed = false;
        for (int e = 0; e < graph.Count; e++)
        {
            isUsed |= graph.Kind(e) == EventKind.SrcuUnlock;
        }

        if (!isUsed)
        {
            return;
        }

        // before = carry-srcu-data, linked = carry-srcu-data ; data.
        before.Reset(basic.Size);
        for (int e = 0; e < graph.Count; e++)
        {
            ReadOnlySpan<ulong> row = graph.Data.Row(e);
            for (int w = EventSet.NextBit(row, 0); w >= 0; w = EventSet.NextBit(row, w + 1))
            {
                if (graph.Kind(w) != EventKind.SrcuUnlock)
                {
                    before.AddRow(e, basic.Rf.Row(w));
                }
            }
        }

        before.AddIdentity();
        before.Close();
        linked.SetComposition(before, graph.Data);
        for (int e = 0; e < graph.Count; e++)
        {
            if (graph.Kind(e) != EventKind.SrcuLock)
            {
                continue;
            }

            ReadOnlySpan<ulong> row = linked.Row(e);
            for (int u = EventSet.NextBit(row, 0); u >= 0; u = EventSet.NextBit(row, u + 1))
            {
                if (graph.Kind(u) == EventKind.SrcuUnlock && graph.Location(u) == graph.Location(e))
                {
                    srcuSections.Add((e, u));
                }
            }
        }
    }

    /// <summary>Computes <see cref="Order"/> and says whether it, followed by rcu-link, relates no event to itself.</summary>
    /// <param name="link">rcu-link, at least its rows of grace periods and of the locks of critical sections.</param>
    /// <returns>Whether irreflexive rb.</returns>
    /// <remarks>rb is prop ; po ; rcu-order ; po? ; hb* ; pb*, a rotation of what is tested here.</remarks>
    public bool ComputeOrder(Relation link)
    {
        Order.Reset(basic.Size);
        foreach (int g in periods)
        {
            Order.Add(g, g);
        }

        foreach (int g in srcuPeriods)
        {
            Order.Add(g, g);
        }

        AddPairs(link, periods, sections, mustShareLocation: false);
        AddPairs(link, srcuPeriods, srcuSections, mustShareLocation: true);
        while (true)
        {
            before.SetComposition(Order, link);
            if (!before.IsIrreflexive)
            {
                return false;
            }

            // linked = rcu-link ; rcu-order ; rcu-link, from where it is needed.
            linked.SetComposition(link, before);
            bool hasGrown = AddPairs(linked, periods, sections, mustShareLocation: false);
            hasGrown |= AddPairs(linked, srcuPeriods, srcuSections, mustShareLocation: true);
            for (int a = 0; a < basic.Count; a++)
            {
                ReadOnlySpan<ulong> row = before.Row(a);
                for (int b = EventSet.NextBit(row, 0); b >= 0; b = EventSet.NextBit(row, b + 1))
                {
                    hasGrown |= Merge(a, Order.Row(b));
                }
            }

            if (!hasGrown)
            {
                return true;
            }
        }
    }

    private bool Merge(int a, ReadOnlySpan<ulong> row)
    {
        Span<ulong> own = Order.Row(a);
        bool hasGrown = false;
        for (int w = 0; w < own.Length; w++)
        {
            hasGrown |= (row[w] & ~own[w]) != 0;
            own[w] |= row[w];
        }

        return hasGrown;
    }

    // gp ; between ; rscsi and rscsi ; between ; gp, where rscsi goes from the unlock to the lock.
    private bool AddPairs(Relation between, List<int> gps, List<(int Lock, int Unlock)> rscs, bool mustShareLocation)
    {
        bool hasGrown = false;
        foreach (int g in gps)
        {
            foreach ((int start, int end) in rscs)
            {
                if (mustShareLocation && basic.Graph.Location(g) != basic.Graph.Location(start))
                {
                    continue;
                }

                if (between[g, end] && !Order[g, start])
                {
                    Order.Add(g, start);
                    hasGrown = true;
                }

                if (between[start, g] && !Order[end, g])
                {
                    Order.Add(end, g);
                    hasGrown = true;
                }
            }
        }

        return hasGrown;
    }

    private void MatchSections()
    {
        ExecutionGraph graph = basic.Graph;
        for (int first = 0; first < graph.Count; first++)
        {
            if (EventSet.NextBit(basic.PoInverse.Row(first), 0) >= 0)
            {
                continue;
            }

            open.Clear();
            for (int e = first; e >= 0; e = EventSet.NextBit(basic.Po.Row(e), 0))
            {
                if (graph.Kind(e) == EventKind.RcuLock)
                {
                    open.Add(e);
                }
                else if (graph.Kind(e) == EventKind.RcuUnlock)
                {
                    if (open.Count == 0)
                    {
                        IsUnbalanced = true;
                        continue;
                    }

                    sections.Add((open[^1], e));
                    open.RemoveAt(open.Count - 1);
                }
            }

            IsUnbalanced |= open.Count > 0;
        }
    }
}
