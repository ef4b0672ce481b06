using BenchmarkDotNet.Attributes;
using MmuStress.Explorer;
using MmuStress.Scenarios;

namespace MmuStress.Bench;

/// <summary>How long a search for all executions takes, whole: what the speed of <c>verify</c> is measured by.</summary>
public class VerificationBenchmarks
{
    private ScenarioRun run = null!;

    public static IEnumerable<VerificationCase> Cases { get; } =
    [
        new("peer-protocol", "", 3, 2),
        new("peer-protocol", "", 3, 2) { Workers = 2 },
        new("peer-protocol", "", 3, 2) { UsesSymmetry = true },
        new("peer-protocol-rel", "", 3, 2) { Memory = "lkmm" },
        new("fault-vs-invalidate", "loongarch", 2, 1) { UsesSymmetry = true, Workers = 2 },
        new("fault-vs-invalidate", "loongarch", 3, 1) { UsesSymmetry = true, Workers = 2 },
    ];

    /// <summary>What is searched, and how.</summary>
    [ParamsSource(nameof(Cases))]
    public VerificationCase Case { get; set; } = null!;

    [GlobalSetup]
    public void SetUp()
    {
        Scenario scenario = ScenarioCatalog.Find(Case.Scenario)!;
        ScenarioParameters parameters = scenario.Defaults with { Vcpus = Case.Vcpus, Notifiers = Case.Notifiers };
        run = new ScenarioRun(scenario, parameters, Case.Mmu) { Memory = Case.Memory }.ForVerification;
    }

    [Benchmark]
    public long Verify()
    {
        VerificationResult result = run.Verify(new VerificationOptions { Workers = Case.Workers, UsesSymmetry = Case.UsesSymmetry });
        Case.Executions = result.IsComplete ? result.Executions : throw new InvalidOperationException("the search does not end");
        return result.Executions;
    }
}
