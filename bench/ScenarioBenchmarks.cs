using BenchmarkDotNet.Attributes;
using MmuStress.Scenarios;

namespace MmuStress.Bench;

/// <summary>How fast each scenario is explored with its default parameters, on the MMU on which everything holds.</summary>
[MemoryDiagnoser]
public class ScenarioBenchmarks
{
    private const int Schedules = 2_000;

    private Sampler sampler = null!;

    public static IEnumerable<string> Names => ScenarioCatalog.All.Select(s => s.Name);

    /// <summary>The scenario.</summary>
    [ParamsSource(nameof(Names))]
    public string Scenario { get; set; } = "";

    [GlobalSetup]
    public void SetUp() => sampler = new Sampler(Scenario, ScenarioCatalog.Find(Scenario)!.HasMmu ? "loongarch-mended" : "", "random");

    [Benchmark(OperationsPerInvoke = Schedules)]
    public long Explore() => sampler.Run(Schedules);
}
