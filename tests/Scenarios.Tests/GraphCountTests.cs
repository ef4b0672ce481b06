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

    /// <summary>What the search finds replays on the machine that samples; where checkers look, interleavings are searched instead.</summary>
    [Theory]
    [InlineData("peer-protocol-rel", "", "rmb", 0)]
    [InlineData("fault-vs-invalidate", "loongarch-v20", "", 1)]
    [InlineData("walk-vs-populate", "loongarch-v20", "", 0)]
    public void Verify_UnderLkmm_FindsAndReplays(string scenario, string mmu, string without, int preemptions)
    {
        Scenario found = ScenarioCatalog.Find(scenario)!;
        ScenarioRun run = new ScenarioRun(found, found.Defaults with { Without = without }, mmu) { Memory = "lkmm" }.ForVerification;
        VerificationResult result = run.Verify(new VerificationOptions());
        Assert.NotNull(result.Finding);
        var options = new ExplorationOptions();
        Finding shrunk = run.Shrink(result.Finding, options);
        Assert.Equal(preemptions, shrunk.Preemptions);
        (Schedule schedule, Recording recording) = run.Record(shrunk, options, result.Finding.Steps);
        Assert.Equal(recording.Violation, run.Replay(schedule).Violation);
    }

    [Fact]
    public void Verify_FaultVsInvalidateUnderLkmm_IsComplete()
    {
        Scenario found = ScenarioCatalog.Find("fault-vs-invalidate")!;
        ScenarioRun run = new ScenarioRun(found, found.Defaults with { Vcpus = 1 }, "loongarch") { Memory = "lkmm" }.ForVerification;
        VerificationResult result = run.Verify(new VerificationOptions());
        Assert.Equal((true, null), (result.IsComplete, result.Finding));
    }
}
