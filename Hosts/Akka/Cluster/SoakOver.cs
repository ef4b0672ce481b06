namespace MmuStress.Hosts.Akka;

/// <summary>Told to every node: the soak is over.</summary>
/// <param name="Result">What was seen.</param>
internal sealed record SoakOver(SoakProgress Result);
