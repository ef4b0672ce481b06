using MmuStress.Explorer;

namespace MmuStress.Scenarios.Tests;

/// <summary>How many execution graphs the peers' protocol has under each memory model; GenMC counts the same.</summary>
public sealed class GraphCountTests
{
    [Theory]
    [InlineData("peer-protocol", "sc", 1, 1, 8)]
    [InlineData("peer-protocol", "sc", 2, 1, 96)]
    [InlineData("peer-protocol", "sc", 3, 1, 1_880)]
    [InlineData("peer-protocol", "sc", 1, 2, 428)]
    [InlineData("peer-protocol", "sc", 2, 2, 13_822)]
    [InlineData("peer-protocol-ptl", "sc", 2, 1, 266)]
    [InlineData("peer-protocol-ptl", "sc", 3, 1, 36_066)]
    [InlineData("peer-protocol-ptl", "sc", 2, 2, 37_712)]
    [InlineData("peer-protocol-rel", "lkmm", 1, 1, 8)]
    [InlineData("peer-protocol-rel", "lkmm", 2, 1, 96)]
    [InlineData("peer-protocol-ptl", "lkmm", 1, 1, 8)]
    [InlineData("peer-protocol-ptl", "lkmm", 2, 1, 266)]
    public void Search_OfThePeersProtocol_Counts(string scenario, string memory, int vcpus, int notifiers, long graphs)
    {
        var run = new ScenarioRun(ScenarioCatalog.Find(scenario)!, new ScenarioParameters { Vcpus = vcpus, Notifiers = notifiers }, "") { Memory = memory };
        VerificationResult result = new GraphVerification(run.NewProgram, new VerificationOptions { Memory = MemoryModels.Parse(memory) }).Run();
        Assert.Null(result.Finding);
        Assert.Equal((graphs, true), (result.Executions, result.IsComplete));
    }
}
