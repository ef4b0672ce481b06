using MmuStress.Explorer;

namespace MmuStress.Scenarios.Tests;

/// <summary>VMIDs are unique under rollover on every execution; the races of earlier schemes are in docs/history.md.</summary>
public sealed class VmidTests
{
    [Theory]
    [InlineData("vmid-rollover", 5_196)]
    [InlineData("vmid-rollover-twice", 2_598)]
    public void Allocator_OutOfVmidsOnTwoCpus_KeepsThemUniqueOnEveryExecution(string name, long executions)
    {
        VerificationResult result = Run(name).ForVerification.Verify(new VerificationOptions());

        Assert.Null(result.Finding?.Violation);
        Assert.Equal((true, executions), (result.IsComplete, result.Executions));
    }

    [Fact]
    public void WriteBarrierBetweenVttbrAndGeneration_LeftOut_IsMissedUnderLkmmOnly()
    {
        ScenarioRun run = Run("vmid-lockless");
        ScenarioRun without = run with { Parameters = run.Parameters with { Without = "wmb" } };

        Assert.Equal("VmidUnique", Verify(without with { Memory = "lkmm" }).Finding?.Violation.Invariant);
        Assert.True(Holds(Verify(without)));
        Assert.True(Holds(Verify(run with { Memory = "lkmm" })));
    }

    private static bool Holds(VerificationResult result) => result.IsComplete && result.Finding is null;

    private static VerificationResult Verify(ScenarioRun run) => run.ForVerification.Verify(new VerificationOptions { Executions = 20_000 });

    private static ScenarioRun Run(string name)
    {
        Scenario scenario = ScenarioCatalog.Find(name)!;
        return new ScenarioRun(scenario, scenario.Defaults, "");
    }
}
