namespace MmuStress.Explorer;

/// <summary>Sequential consistency: there is one order of all events, and each read sees the last write before it.</summary>
/// <remarks>
/// acyclic po | com, atomic read-modify-writes, and the law of grace periods: a critical section does not reach both across
/// the beginning and across the end of a grace period. Plain accesses are like marked ones.
/// </remarks>
public sealed class Sc : IConsistencyModel
{
    private readonly BasicRelations basic = new();
    private readonly GracePeriods gracePeriods = new();
    private readonly Relation order = new();

    /// <inheritdoc/>
    public string Name => "sc";

    /// <inheritdoc/>
    public void Load(ExecutionGraph graph)
    {
        basic.Load(graph);
        gracePeriods.Load(basic);
    }

    /// <inheritdoc/>
    public bool IsConsistent()
    {
        basic.LoadCommunication();
        order.CopyFrom(basic.Po);
        order.UnionWith(basic.Rf);
        order.UnionWith(basic.Graph.Co);
        order.UnionWith(basic.Fr);
        if (!order.IsAcyclic() || !basic.IsAtomic())
        {
            return false;
        }

        gracePeriods.MatchSrcuSections();
        if (!gracePeriods.IsNeeded)
        {
            return true;
        }

        order.Close();
        return gracePeriods.ComputeOrder(order);
    }
}
