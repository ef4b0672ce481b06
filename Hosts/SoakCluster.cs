namespace MmuStress.Hosts;

/// <summary>How a soak of many VMs went on several machines.</summary>
/// <param name="Vms">How many VMs there are.</param>
/// <param name="Ended">How many of them ran to their end.</param>
/// <param name="Restarts">How often a VM began again.</param>
/// <param name="Nodes">Who took part.</param>
public sealed record SoakCluster(int Vms, int Ended, long Restarts, IReadOnlyList<SoakNode> Nodes);
