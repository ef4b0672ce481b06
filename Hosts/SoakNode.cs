namespace MmuStress.Hosts;

/// <summary>A process that took part in a soak.</summary>
/// <param name="Address">Where it listens: "host:port".</param>
/// <param name="State">"up", "left" where it went in good order, "lost" where it was never heard of again.</param>
/// <param name="Ended">How many VMs ended there.</param>
/// <param name="Moved">How many VMs had to begin again elsewhere because it was lost or gave them up.</param>
public sealed record SoakNode(string Address, string State, int Ended, int Moved);
