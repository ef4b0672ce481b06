using MmuStress.Explorer;
using MmuStress.Machine;

namespace MmuStress.Scenarios.Tests;

/// <summary>A walk that is always asked to drop mmu_lock comes to its end, and did not before ed5e484b79e8 (Z43). No row of the catalogue, as a livelock takes long to shrink.</summary>
public sealed class WalkProgressTests
{
    [Fact]
    public void ZapRoot_YieldingWhereItHasGotNowhere_NeverEnds() =>
        Assert.Equal(MachineInvariants.NoLivelock, Assert.Single(Explore(isBefore: true, 1).Findings).Violation.Invariant);

    [Fact]
    public void ZapRoot_YieldingAfterProgress_Ends() => Assert.Empty(Explore(isBefore: false, 200).Findings);

    private static ExplorationResult Explore(bool isBefore, long schedules)
    {
        var scenario = new RootZapYields(isEndless: true, isBefore);
        return new ScenarioRun(scenario, scenario.Defaults, "x86").Explore(new ExplorationOptions { Iterations = schedules });
    }
}
