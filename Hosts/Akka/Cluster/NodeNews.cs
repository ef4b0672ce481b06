namespace MmuStress.Hosts.Akka;

/// <summary>Told to the coordinator now and then: this node can run VMs.</summary>
/// <param name="Address">Where it listens: "host:port".</param>
/// <param name="DeadLetters">How many messages found nobody to handle them there.</param>
internal sealed record NodeNews(string Address, long DeadLetters);
