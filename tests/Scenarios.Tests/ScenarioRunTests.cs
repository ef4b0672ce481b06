using MmuStress.Explorer;

namespace MmuStress.Scenarios.Tests;

public sealed class ScenarioRunTests
{
    private readonly ScenarioRun own = new(new LostUpdateScenario(), new ScenarioParameters(), "");
    private readonly ExplorationOptions options = new() { Seed = 5 };

    [Fact]
    public void OwnScenario_IsExploredShrunkSavedAndReplayed()
    {
        Finding found = Assert.Single(own.Explore(options).Findings);
        Finding shrunk = own.Shrink(found, options);
        Assert.Equal(1, shrunk.Preemptions);
        (Schedule schedule, Recording recording) = own.Record(shrunk, options, found.Steps);
        Golden.Matches("own-scenario.txt", ViolationReport.Text(schedule, recording, "", ""));

        using var folder = new TemporaryFolder();
        ScheduleFile.Write(schedule, folder.Of("own.json"));
        Assert.Equal(shrunk.Violation, own.Replay(ScheduleFile.Read(folder.Of("own.json"))).Violation);
    }

    [Fact]
    public void Record_StatesWhereItComesFrom()
    {
        Finding found = own.Explore(options).Findings[0];
        Schedule schedule = own.Record(found, options, 99).Schedule;
        Assert.Equal(("lost-update", "", "sc", options.Strategy, 5UL), (schedule.Scenario, schedule.Mmu, schedule.Memory, schedule.Strategy, schedule.Seed));
        Assert.Equal((found.Index, found.Steps, found.Preemptions, 99), (schedule.Index, schedule.Steps, schedule.Preemptions, schedule.StepsBeforeShrinking));
        Assert.Equal(own.Parameters, ScenarioParameters.FromDictionary(schedule.Parameters));
        Assert.Equal(["vcpu0", "vcpu1"], schedule.Actors);
        Assert.Equal(ToolVersion.Text, schedule.Tool);
    }

    /// <summary>Three rounds of two vCPUs are six increments and, with the check that compares them, twice three reads and writes.</summary>
    [Fact]
    public void Rounds_AreHowOftenScriptsRun()
    {
        ScenarioRun thrice = own with { Parameters = new ScenarioParameters { Vcpus = 1, Rounds = 3 } };
        ExplorationResult result = thrice.Explore(new ExplorationOptions { Iterations = 1 });
        Assert.Empty(result.Findings);
        Assert.Equal(1 + (3 * 2), result.Steps); // the start, and a read and a write a round
        Assert.NotEmpty((own with { Parameters = new ScenarioParameters { Rounds = 3 } }).Explore(options).Findings);
    }

    [Fact]
    public void Replay_OfAnotherSize_IsAMismatch()
    {
        Finding found = own.Explore(options).Findings[0];
        Schedule schedule = own.Record(found, options, found.Steps).Schedule;
        ScenarioRun other = own with { Parameters = new ScenarioParameters { Vcpus = 1 } };
        Assert.Throws<ScheduleMismatchException>(() => other.Replay(schedule));
    }

    [Fact]
    public void Build_UnknownMmu_Throws()
    {
        var run = new ScenarioRun(new FaultVsInvalidate(), new ScenarioParameters(), "sparc");
        Assert.Throws<ArgumentException>(() => run.Explore(options));
    }

    [Fact]
    public void Explore_MoreActorsThanCpus_Throws()
    {
        ScenarioRun run = own with { Parameters = new ScenarioParameters { Vcpus = 65 } };
        Assert.Throws<ArgumentException>(() => run.Explore(options));
    }

    [Fact]
    public void Catalog_NamesAreUniqueAndFound()
    {
        Assert.Equal(ScenarioCatalog.All.Count, ScenarioCatalog.All.Select(s => s.Name).Distinct(StringComparer.Ordinal).Count());
        Assert.All(ScenarioCatalog.All, scenario => Assert.Same(scenario, ScenarioCatalog.Find(scenario.Name)));
        Assert.Null(ScenarioCatalog.Find("Mixed"));
        Assert.All(ScenarioCatalog.All, scenario => Assert.NotEmpty(scenario.Summary));
    }
}
