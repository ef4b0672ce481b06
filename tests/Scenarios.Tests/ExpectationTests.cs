using MmuStress.Explorer;

namespace MmuStress.Scenarios.Tests;

/// <summary>Each scenario on each MMU does what its expectations say.</summary>
public sealed class ExpectationTests
{
    private const long ToFind = 100_000;
    private const long ToHold = 6_000;

    public static TheoryData<string> Violated => Row.Where(row => !row.Expectation.Holds);

    public static TheoryData<string> Held => Row.Where(row => row.Expectation.Holds);

    public static TheoryData<string> Hidden => Row.Where(row => !row.Expectation.IsDetectableUnder(MemoryModels.Default));

    [Theory]
    [MemberData(nameof(Violated))]
    public void Explore_Broken_IsFoundShrunkSavedAndReplayed(string row)
    {
        var (scenario, expectation) = Row.Of(row);
        ScenarioRun run = Row.Of(row).Under(Row.Of(row).ShownUnder);
        var options = new ExplorationOptions { Iterations = ToFind };
        Finding found = Assert.Single(run.Explore(options).Findings);
        Assert.Contains(found.Violation.Invariant, expectation.Invariants);

        Finding shrunk = run.Shrink(found, options);
        Assert.Equal(found.Violation.Invariant, shrunk.Violation.Invariant);
        Assert.True(shrunk.Steps <= found.Steps || shrunk.Preemptions < found.Preemptions);
        if (scenario is not Mixed) // which is too large to be shrunk to the end
        {
            Assert.Equal(expectation.Preemptions, shrunk.Preemptions);
        }

        (Schedule schedule, Recording recording) = run.Record(shrunk, options, found.Steps);
        Assert.Equal(shrunk.Violation.Invariant, recording.Violation?.Invariant); // its message may tell a place that is known only while recording
        using var folder = new TemporaryFolder();
        string file = folder.Of("schedule.json");
        ScheduleFile.Write(schedule, file);
        Schedule read = ScheduleFile.Read(file);
        Recording replayed = Again(read).Replay(read);
        Assert.Equal(recording.Violation, replayed.Violation);
        Assert.Equal((shrunk.Steps, shrunk.Preemptions), (replayed.Steps, replayed.Preemptions));
    }

    [Theory]
    [MemberData(nameof(Held))]
    public void Explore_Correct_Holds(string row)
    {
        ExplorationResult result = Row.Of(row).Run.Explore(new ExplorationOptions { Iterations = ToHold });
        Assert.Empty(result.Findings);
        Assert.Equal(ToHold, result.Schedules);
    }

    [Theory]
    [MemberData(nameof(Hidden))]
    public void Explore_DefectThatTheModelCannotShow_Holds(string row)
    {
        Assert.Empty(Row.Of(row).Run.Explore(new ExplorationOptions { Iterations = ToHold }).Findings);
    }

    [Fact]
    public void Expectations_NameEachMmuOnce()
    {
        foreach (Scenario scenario in ScenarioCatalog.All)
        {
            List<string> mmus = scenario.Expectations.Select(e => e.Mmu).ToList();
            Assert.NotEmpty(mmus);
            Assert.Equal(mmus.Distinct(StringComparer.Ordinal), mmus);
            Assert.Equal(scenario.HasMmu, !mmus.Contains("", StringComparer.Ordinal));
            Assert.All(scenario.Expectations, e => Assert.Equal(e.Holds, e.Because.Length == 0));
        }
    }

    // As a reader of the file sets it up.
    private static ScenarioRun Again(Schedule schedule) =>
        new(ScenarioCatalog.Find(schedule.Scenario)!, ScenarioParameters.FromDictionary(schedule.Parameters), schedule.Mmu) { Memory = schedule.Memory };
}
