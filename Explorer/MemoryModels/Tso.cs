namespace MmuStress.Explorer;

/// <summary>Total store order, as on x86: a CPU's writes wait in a buffer that its own reads look into.</summary>
/// <remarks>
/// Source: Sewell et al., "x86-TSO", CACM 2010, in the axiomatic form of Alglave et al., "Herding cats", TOPLAS 2014:
/// acyclic ppo | fence | rfe | co | fr with ppo = po \ (W x R), and coherence. smp_mb(), fully ordered atomics, every other
/// read-modify-write (they are locked instructions) and grace periods are fences; weaker barriers order nothing that is not
/// ordered anyhow. Plain accesses are like marked ones.
/// </remarks>
public sealed class Tso : IConsistencyModel
{
    private readonly BasicRelations basic = new();
    private readonly GracePeriods gracePeriods = new();
    private readonly Relation order = new();
    private readonly Relation preserved = new();
    private readonly Relation link = new();
    private readonly Relation half = new();

    /// <inheritdoc/>
    public string Name => "tso";

    /// <inheritdoc/>
    public void Load(ExecutionGraph graph)
    {
        basic.Load(graph);
        gracePeriods.Load(basic);
        preserved.CopyFrom(basic.Po);
        for (int a = 0; a < graph.Count; a++)
        {
            // Critical sections of RCU order nothing by themselves.
            bool orders = graph.Kind(a) is not (EventKind.RcuLock or EventKind.RcuUnlock);
            for (int b = EventSet.NextBit(basic.Po.Row(a), 0); b >= 0; b = EventSet.NextBit(basic.Po.Row(a), b + 1))
            {
                bool isBuffered = graph.IsWrite(a) && graph.IsRead(b) && !IsLocked(a) && !IsLocked(b);
                bool isMarker = !IsOrdering(a) || !IsOrdering(b);
                if (isBuffered || isMarker || !orders)
                {
                    preserved.Row(a)[b >> 6] &= ~(1UL << b);
                }
            }
        }

        bool IsLocked(int e) => graph.Kind(e) is EventKind.LockRead or EventKind.LockWrite || (graph.Flags(e) & EventFlags.Rmw) != EventFlags.None;

        bool IsOrdering(int e) => graph.IsRead(e) || graph.IsWrite(e)
            || graph.Kind(e) is EventKind.Mb or EventKind.SyncRcu or EventKind.SyncSrcu or EventKind.AfterSpinlock or EventKind.AfterUnlockLock;
    }

    /// <inheritdoc/>
    public bool IsConsistent()
    {
        basic.LoadCommunication();
        if (!basic.IsCoherent() || !basic.IsAtomic())
        {
            return false;
        }

        order.CopyFrom(basic.Rf);
        order.Subtract(basic.Internal);
        order.UnionWith(preserved);
        order.UnionWith(basic.Graph.Co);
        order.UnionWith(basic.Fr);
        if (!order.IsAcyclic())
        {
            return false;
        }

        gracePeriods.MatchSrcuSections();
        if (!gracePeriods.IsNeeded)
        {
            return true;
        }

        // rcu-link = po? ; order* ; po.
        order.Close();
        order.AddIdentity();
        half.SetComposition(order, basic.Po);
        link.CopyFrom(half);
        link.AddComposition(basic.Po, half);
        return gracePeriods.ComputeOrder(link);
    }
}
