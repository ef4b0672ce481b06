using MmuStress.Explorer;

namespace MmuStress.Scenarios.Tests;

public sealed class PeerProtocolTests
{
    [Theory]
    [InlineData("peer-protocol", 1, 1)]
    [InlineData("peer-protocol", 3, 2)]
    [InlineData("peer-protocol-rel", 1, 1)]
    [InlineData("peer-protocol-rel", 3, 2)]
    [InlineData("peer-protocol-ptl", 1, 1)]
    [InlineData("peer-protocol-ptl", 3, 2)]
    public void Peer_CheckUnderTheLock_Holds(string name, int vcpus, int notifiers)
    {
        ExplorationResult result = Run(name, vcpus, notifiers, "").Explore(new ExplorationOptions { Iterations = 50_000 });
        Assert.Empty(result.Findings);
        Assert.Equal(50_000, result.Schedules);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    public void Peer_CheckBeforeTheLock_IsFoundWithOnePreemption(int vcpus, int notifiers)
    {
        ScenarioRun run = Run("peer-protocol-buggy", vcpus, notifiers, "");
        Finding found = Assert.Single(run.Explore(new ExplorationOptions()).Findings);
        Assert.Equal("NoStaleMapping", found.Violation.Invariant);
        Assert.Equal(1, run.Shrink(found, new ExplorationOptions()).Preemptions);
    }

    /// <summary>Sequential consistency cannot show a missing barrier.</summary>
    [Fact]
    public void Peer_WithoutRmb_HoldsUnderSc() =>
        Assert.Empty(Run("peer-protocol", 2, 1, "rmb").Explore(new ExplorationOptions { Iterations = 20_000 }).Findings);

    private static ScenarioRun Run(string name, int vcpus, int notifiers, string without) =>
        new(ScenarioCatalog.Find(name)!, new ScenarioParameters { Vcpus = vcpus, Notifiers = notifiers, Without = without }, "");
}
