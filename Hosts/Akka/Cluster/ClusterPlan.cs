namespace MmuStress.Hosts.Akka;

/// <summary>The cluster that a soak runs on.</summary>
/// <param name="Seeds">Who is asked to let a node in; what the VMs report is gathered at the first.</param>
/// <param name="Listen">Where this node listens.</param>
/// <param name="Nodes">How many nodes there must be before the VMs begin.</param>
public sealed record ClusterPlan(IReadOnlyList<NodeAddress> Seeds, NodeAddress Listen, int Nodes)
{
    /// <summary>Whether this node is the one where reports are gathered.</summary>
    public bool IsFirst => Listen == Seeds[0];

    /// <summary>Reads a plan.</summary>
    /// <param name="seeds">"host:port,host:port".</param>
    /// <param name="listen">"host:port"; null for any free port of the first seed's host.</param>
    /// <param name="nodes">How many nodes to wait for; null for as many as there are seeds.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="ArgumentException">An address is none.</exception>
    public static ClusterPlan Parse(string seeds, string? listen, int? nodes)
    {
        List<NodeAddress> all = seeds.Split(',').Select(NodeAddress.Parse).ToList();
        if (all.Exists(s => s.Port == 0))
        {
            throw new ArgumentException("a seed node has a port other than 0");
        }

        return new ClusterPlan(all, listen is null ? new NodeAddress(all[0].Host, 0) : NodeAddress.Parse(listen), nodes ?? all.Count);
    }
}
