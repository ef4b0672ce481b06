using MmuStress.Explorer;

namespace MmuStress.Scenarios.Tests;

public sealed class MixedTests
{
    [Theory]
    [InlineData(2, 1, 1)]
    [InlineData(2, 1, 2)]
    public void Mixed_Mended_Holds(int vcpus, int notifiers, int slots)
    {
        ScenarioParameters parameters = new() { Vcpus = vcpus, Notifiers = notifiers, BytesPerVcpu = 4 * ScenarioParameters.PageSize, Slots = slots };
        var run = new ScenarioRun(new Mixed(), parameters, "loongarch-mended");
        ExplorationResult result = run.Explore(new ExplorationOptions { Iterations = 20_000 });
        Assert.Empty(result.Findings);
        Assert.Equal(20_000, result.Schedules);
    }

    [Fact]
    public void Mixed_SeveralHostThreads_Holds()
    {
        var run = new ScenarioRun(new Mixed(), new Mixed().Defaults with { Vcpus = 3, Notifiers = 3, Slots = 3 }, "loongarch-mended");
        Assert.Empty(run.Explore(new ExplorationOptions { Iterations = 5_000, Seed = 2 }).Findings);
    }
}
