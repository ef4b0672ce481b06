namespace MmuStress.Cli;

/// <summary>How a soak is to run, apart from for how long.</summary>
/// <param name="Seed">What the choices of the environment depend on, apart from timing.</param>
/// <param name="Rounds">How often each actor goes through its script at most; the largest number for no limit.</param>
internal sealed record SoakOptions(ulong Seed, long Rounds)
{
    /// <summary>How many VMs.</summary>
    public int Vms { get; init; } = 1;

    /// <summary>The seed nodes of the cluster it runs on: "host:port,host:port"; null for this process alone.</summary>
    public string? Cluster { get; init; }

    /// <summary>Where this node of the cluster listens: "host:port"; null for any free port.</summary>
    public string? Listen { get; init; }

    /// <summary>How many nodes there must be before the VMs begin; null for as many as there are seed nodes.</summary>
    public int? Nodes { get; init; }
}
