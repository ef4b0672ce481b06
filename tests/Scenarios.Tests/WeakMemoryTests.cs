using MmuStress.Explorer;

namespace MmuStress.Scenarios.Tests;

/// <summary>What the weak memory models show, and what they do not.</summary>
public sealed class WeakMemoryTests
{
    private const long ToHold = 400;

    /// <summary>Every row of which everything, or everything that the model can show, is expected to hold.</summary>
    public static TheoryData<string, string> Held
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (string memory in new[] { "tso", "lkmm" })
            {
                foreach (Row row in Row.All.Where(r => r.Expectation.HoldsUnder(memory) || !r.Expectation.IsDetectableUnder(memory)))
                {
                    rows.Add(row.ToString(), memory);
                }
            }

            return rows;
        }
    }

    /// <summary>What is violated under sequential consistency is violated under the others, too.</summary>
    public static TheoryData<string> Violated => Row.Where(row => !row.Expectation.Holds && row.Expectation.IsDetectableUnder("lkmm"));

    [Theory]
    [MemberData(nameof(Held))]
    public void Explore_Correct_Holds(string row, string memory)
    {
        ExplorationResult result = Row.Of(row).Under(memory).Explore(new ExplorationOptions { Iterations = ToHold });
        Assert.Empty(result.Findings.Select(f => f.Violation));
        Assert.Equal(ToHold, result.Schedules);
    }

    [Theory]
    [MemberData(nameof(Violated))]
    public void Explore_Broken_IsFoundAndReplayed(string row)
    {
        var (_, expectation) = Row.Of(row);
        ScenarioRun run = Row.Of(row).Under("lkmm");
        var options = new ExplorationOptions { Iterations = 100_000 };
        Finding found = Assert.Single(run.Explore(options).Findings);
        Assert.Contains(found.Violation.Invariant, expectation.Invariants);
        (Schedule schedule, Recording recording) = run.Record(found, options, found.Steps);
        Assert.Equal("lkmm", schedule.Memory);
        Assert.Equal(found.Violation.Invariant, recording.Violation?.Invariant);
        Assert.Equal(recording.Violation, run.Replay(schedule).Violation);
    }

    /// <summary>The verdicts that GenMC, too, has on the protocol written for it; the barrier counts where nothing else orders the look-up.</summary>
    [Theory]
    [InlineData("peer-protocol", "", "lkmm")]
    [InlineData("peer-protocol", "rmb", "lkmm")]
    [InlineData("peer-protocol-buggy", "", "sc tso lkmm")]
    [InlineData("peer-protocol-buggy", "rmb", "sc tso lkmm")]
    [InlineData("peer-protocol-rel", "", "")]
    [InlineData("peer-protocol-rel", "rmb", "lkmm")]
    [InlineData("peer-protocol-ptl", "", "")]
    [InlineData("peer-protocol-ptl", "rmb", "")]
    public void Peer_IsViolatedUnder(string name, string without, string models)
    {
        foreach (string memory in MemoryModels.Names)
        {
            var run = new ScenarioRun(ScenarioCatalog.Find(name)!, new ScenarioParameters { Without = without }, "") { Memory = memory };
            bool isViolated = run.Explore(new ExplorationOptions { Iterations = 20_000 }).Findings.Count != 0;
            Assert.True(models.Split(' ').Contains(memory, StringComparer.Ordinal) == isViolated, memory);
        }
    }

    /// <summary>The diagram says which old value was read, and which step had overwritten it.</summary>
    [Fact]
    public void Diagram_OfAnOldRead_SaysWhatOverwroteIt()
    {
        var run = new ScenarioRun(ScenarioCatalog.Find("walk-vs-populate")!, new ScenarioParameters { Notifiers = 0 }, "loongarch-v20") { Memory = "lkmm" };
        var options = new ExplorationOptions();
        Finding found = Assert.Single(run.Explore(options).Findings);
        (Schedule schedule, Recording recording) = run.Record(run.Shrink(found, options), options, found.Steps);
        Golden.Matches("old-read.txt", ViolationReport.Text(schedule, recording, "", ""));
    }
}
