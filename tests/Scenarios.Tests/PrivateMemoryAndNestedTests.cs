using MmuStress.Explorer;

namespace MmuStress.Scenarios.Tests;

/// <summary>Conversions of private memory, and entries of nested guests: every interleaving of them.</summary>
public sealed class PrivateMemoryAndNestedTests
{
    public static TheoryData<string> Held => Row.Where(row => row.Expectation.Holds && (row.Scenario.Name.StartsWith("private-", StringComparison.Ordinal) || row.Scenario.Name.StartsWith("nested-bitmap", StringComparison.Ordinal) || row.Scenario.Name.StartsWith("nested-controls", StringComparison.Ordinal)));

    [Theory]
    [MemberData(nameof(Held))]
    public void Verify_OfTheRightCode_IsCompleteAndHolds(string name)
    {
        VerificationResult result = Row.Of(name).Run.ForVerification.Verify(new VerificationOptions { Executions = 20_000 });
        Assert.Null(result.Finding);
        Assert.True(result.IsComplete);
        Assert.True(result.Executions > 1);
    }
}
