using BenchmarkDotNet.Attributes;
using MmuStress.Explorer;
using MmuStress.Scenarios;

namespace MmuStress.Bench;

/// <summary>How fast the explorer is on the protocol that other tools run too: 2 vCPUs, 1 notifier.</summary>
[MemoryDiagnoser]
public class ExplorerBenchmarks
{
    private const int Schedules = 20_000;

    private Sampler sampler = null!;

    /// <summary>The strategy.</summary>
    [Params("random", "pct", "pos", "preemption-bounded")]
    public string Strategy { get; set; } = "";

    [GlobalSetup]
    public void SetUp() => sampler = new Sampler("peer-protocol", "", Strategy);

    [Benchmark(OperationsPerInvoke = Schedules)]
    public long PeerProtocol2x1() => sampler.Run(Schedules);
}
