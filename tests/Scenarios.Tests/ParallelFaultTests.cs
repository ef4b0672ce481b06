using MmuStress.Explorer;

namespace MmuStress.Scenarios.Tests;

/// <summary>arm64's faults under mmu_lock held for read, on every execution.</summary>
public sealed class ParallelFaultTests
{
    [Theory]
    [InlineData("parallel-faults", 2_336)]
    [InlineData("parallel-fault-vs-unmap", 205)]
    [InlineData("block-vs-walk", 29)]
    [InlineData("block-vs-dirty-log", 957)]
    public void Faults_InParallel_HoldOnEveryExecution(string name, long executions)
    {
        Scenario scenario = ScenarioCatalog.Find(name)!;
        VerificationResult result = new ScenarioRun(scenario, scenario.Defaults, "arm64").ForVerification.Verify(new VerificationOptions());

        Assert.Null(result.Finding?.Violation);
        Assert.Equal((true, executions), (result.IsComplete, result.Executions));
    }
}
