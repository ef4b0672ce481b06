using System.Text.RegularExpressions;
using System.Xml.Linq;
using MmuStress.Explorer;
using MmuStress.Scenarios;

namespace MmuStress.Cli.Tests;

public sealed partial class ExploreTests : IDisposable
{
    private static readonly string[] Keys =
    [
        "command", "scenario", "mmu", "vcpus", "memory", "strategy", "seed", "schedules", "steps", "seconds", "complete", "violation", "notDetectable",
    ];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Explore_Race_PrintsTheDiagramAndSavesTheSchedule()
    {
        Outcome outcome = Cli.Run("explore", "peer-protocol-buggy", "-r", "1", "--out", folder.Path);
        Assert.Equal((1, ""), (outcome.Code, outcome.Error));
        string file = Assert.Single(folder.Files);
        Assert.Contains($"saved   {file}\n", outcome.Out, StringComparison.Ordinal);
        Golden.Matches("race.txt", Digest().Replace(outcome.Out.Replace(folder.Path, "schedules", StringComparison.Ordinal), "-DIGEST.json"));
    }

    [Fact]
    public void Explore_Twice_SavesTheSameFile()
    {
        Cli.Run("explore", "peer-protocol-buggy", "--out", folder.Path, "--workers", "1");
        string text = File.ReadAllText(Assert.Single(folder.Files));
        Cli.Run("explore", "peer-protocol-buggy", "--out", folder.Path, "--workers", "3");
        Assert.Equal(text, File.ReadAllText(Assert.Single(folder.Files)));
    }

    [Fact]
    public void Explore_NameIsTaken_OverwritesNothing()
    {
        Cli.Run("explore", "peer-protocol-buggy", "--out", folder.Path);
        string taken = Assert.Single(folder.Files);
        File.WriteAllText(taken, "somebody else's");
        Cli.Run("explore", "peer-protocol-buggy", "--out", folder.Path);
        Assert.Equal("somebody else's", File.ReadAllText(taken));
        Assert.Equal(0, Cli.Run("replay", taken.Replace(".json", "-2.json", StringComparison.Ordinal)).Code);
    }

    [Fact]
    public void Explore_Correct_HoldsInOneLine()
    {
        Outcome outcome = Cli.Run("explore", "peer-protocol", "-i", "1000", "-r", "7", "--out", folder.Of("new"));
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Assert.Matches(@"^held: 1000 schedules, \d+ k steps, no violation   scenario peer-protocol   memory sc   seed 7   [0-9.]+ s, [0-9.]+ k? ?schedules/s\n$", outcome.Out);
        Assert.Empty(folder.Files);
    }

    // One vCPU and one notifier have no schedule with 30 preemptions.
    [Theory]
    [InlineData("1", false)]
    [InlineData("30", true)]
    public void Explore_AllSchedulesOfTheStrategy_IsCompleteOnlyWhereNoBoundCutAny(string depth, bool isComplete)
    {
        Outcome outcome = Cli.Run("explore", "peer-protocol", "--strategy", "preemption-bounded", "--depth", depth, "-i", "10000000", "-v", "1", "--json", "--out", folder.Path);
        Assert.Equal(isComplete, (bool)outcome.Json["complete"]!);
        Assert.Null(outcome.Json["violation"]);
        Assert.Equal(0, outcome.Code);
    }

    [Fact]
    public void Explore_TimeIsUp_Holds()
    {
        Outcome outcome = Cli.Run("explore", "peer-protocol", "--time", "10ms", "--json", "--out", folder.Path);
        Assert.Equal(0, outcome.Code);
        Assert.False((bool)outcome.Json["complete"]!);
    }

    [Fact]
    public void ExploreJson_HasTheKeysOfTheContract()
    {
        Outcome outcome = Cli.Run("explore", "peer-protocol-buggy", "-v", "3", "-r", "7", "--json", "--out", folder.Path);
        Assert.Equal((1, ""), (outcome.Code, outcome.Error));
        Assert.Equal(Keys, outcome.Json.Select(p => p.Key));
        Assert.Equal(
            ("explore", "peer-protocol-buggy", "", 3, "sc", "portfolio", 7),
            ((string)outcome.Json["command"]!, (string)outcome.Json["scenario"]!, (string)outcome.Json["mmu"]!, (int)outcome.Json["vcpus"]!, (string)outcome.Json["memory"]!, (string)outcome.Json["strategy"]!, (int)outcome.Json["seed"]!));
        var violation = outcome.Json["violation"]!.AsObject();
        Assert.Equal(["invariant", "message", "schedule", "steps", "preemptions", "foundAt"], violation.Select(p => p.Key));
        Schedule schedule = ScheduleFile.Read((string)violation["schedule"]!);
        Assert.Equal(schedule.Index + 1, (long)violation["foundAt"]!);
        Assert.Equal(schedule.Index + 1, (long)outcome.Json["schedules"]!);
        Assert.Equal((schedule.Steps, schedule.Preemptions, 1), ((int)violation["steps"]!, (int)violation["preemptions"]!, (int)violation["preemptions"]!));
    }

    [Fact]
    public void Explore_WithoutBarrierUnderSc_SaysNotDetectable()
    {
        Outcome json = Cli.Run("explore", "peer-protocol", "--without", "rmb", "-i", "100", "--json", "--out", folder.Path);
        Assert.Equal("rmb", (string?)Assert.Single(json.Json["notDetectable"]!.AsArray()));
        Outcome text = Cli.Run("explore", "peer-protocol", "--without", "rmb", "-i", "100", "--out", folder.Path);
        Assert.EndsWith("\nnot detectable under memory sc: that rmb is left out\n", text.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Explore_WithoutMmu_TakesTheOneThatIsExpectedToHold()
    {
        var mended = new FakeScenario("fault", Expectation.Held("new"), Expectation.Held("loongarch-mended"));
        var first = new FakeScenario("fault", Expectation.Held("new"), Expectation.Held("newer"));
        Assert.Equal("loongarch-mended", (string?)Cli.Run(Fakes.Only(mended), "explore", "fault", "-i", "10", "--json", "--out", folder.Path).Json["mmu"]);
        Assert.Equal("new", (string?)Cli.Run(Fakes.Only(first), "explore", "fault", "-i", "10", "--json", "--out", folder.Path).Json["mmu"]);
        Assert.Equal("newer", (string?)Cli.Run(Fakes.Only(first), "explore", "fault", "-m", "newer", "-i", "10", "--json", "--out", folder.Path).Json["mmu"]);
    }

    [Fact]
    public void Explore_Overlap_TakesAValueOrNone()
    {
        foreach ((string[] option, bool overlap) in new[] { (new[] { "-o" }, true), (["-o", "false"], false), ([], true) })
        {
            Outcome outcome = Cli.Run(["explore", "peer-protocol-buggy", "--out", folder.Path, "--json", .. option]);
            Assert.Equal(overlap ? "true" : "false", ScheduleFile.Read((string)outcome.Json["violation"]!["schedule"]!).Parameters["overlap"]);
        }
    }

    [Fact]
    public void Explore_OutIsBelowAFile_IsRefusedBeforeExploring()
    {
        string file = folder.Write("file", "old");
        var untouchable = new FakeScenario("fault", Expectation.Held("new"));
        Outcome outcome = Cli.Run(Fakes.Only(untouchable), "explore", "fault", "--out", Path.Combine(file, "below"), "-i", "1000000000000");
        outcome.Refused($"--out {file}/below: cannot be written: {file} is a file");
        Assert.Equal("old", File.ReadAllText(file));
        Assert.Single(folder.Files);
    }

    [Fact]
    public void Explore_JUnitIsBelowAFile_IsRefusedBeforeExploring()
    {
        string file = folder.Write("file", "old");
        Outcome outcome = Cli.Run("explore", "peer-protocol", "--junit", Path.Combine(file, "below.xml"), "-i", "1000000000000");
        Assert.Equal((2, ""), (outcome.Code, outcome.Out));
        Assert.Equal("old", File.ReadAllText(file));
    }

    [Fact]
    public void Explore_JUnit_FailsWithTheDiagram()
    {
        string report = folder.Of("report.xml");
        Cli.Run("explore", "peer-protocol-buggy", "--out", folder.Path, "--junit", report);
        XElement suite = XDocument.Load(report).Root!.Element("testsuite")!;
        Assert.Equal(("1", "1"), (suite.Attribute("tests")!.Value, suite.Attribute("failures")!.Value));
        XElement failure = suite.Element("testcase")!.Element("failure")!;
        Assert.StartsWith("NoStaleMapping: ", failure.Attribute("message")!.Value, StringComparison.Ordinal);
        Assert.Contains("vcpu0", failure.Value, StringComparison.Ordinal);
    }

    [Fact]
    public void Explore_OnTerminal_ShowsALiveLineAndLeavesStdoutAlone()
    {
        Outcome outcome = Cli.Run(s => s with { ErrorIsTerminal = true }, "explore", "peer-protocol", "-i", "100", "--out", folder.Path);
        Assert.Contains('\u001b', outcome.Error);
        Assert.StartsWith("held: ", outcome.Out, StringComparison.Ordinal);
        Outcome silent = Cli.Run(s => s with { ErrorIsTerminal = true }, "explore", "peer-protocol", "-i", "100", "--no-progress", "--out", folder.Path);
        Assert.Equal("", silent.Error);
    }

    [GeneratedRegex("-[0-9a-f]{4}\\.json")]
    private static partial Regex Digest();
}
