using MmuStress.Explorer;

namespace MmuStress.Scenarios.Tests;

/// <summary>vCPUs whose faults are invalidated try again, and yield in between: a depth-first search must not follow them for ever.</summary>
public sealed class PreemptionBoundedTests
{
    [Fact]
    public void FaultVsInvalidate_AsMerged_HoldsOnEveryScheduleWithOnePreemption()
    {
        ExplorationResult result = Explore("loongarch", depth: 1);

        Assert.Empty(result.Findings.Select(f => f.Violation));
        Assert.Equal((true, true), (result.IsComplete, result.IsBounded));
        Assert.InRange(result.Steps / result.Schedules, 50, 150);
    }

    [Fact]
    public void FaultVsInvalidate_AsPostedInV20_IsFoundWithOnePreemption()
    {
        Finding finding = Assert.Single(Explore("loongarch-v20", depth: 3).Findings);

        Assert.Equal((nameof(NoStaleMapping), 1), (finding.Violation.Invariant, finding.Preemptions));
    }

    private static ExplorationResult Explore(string mmu, int depth) =>
        new ScenarioRun(new FaultVsInvalidate(), new ScenarioParameters(), mmu).Explore(
            new ExplorationOptions { Strategy = "preemption-bounded", Depth = depth, Iterations = 10_000 });
}
