using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using MmuStress.Scenarios;

namespace MmuStress.Cli.Tests;

public sealed partial class VerifyTests : IDisposable
{
    private const string Forever = "1000000000000";

    private static readonly string[] Keys =
    [
        "command", "scenario", "mmu", "vcpus", "memory", "strategy", "seed", "schedules", "steps", "seconds", "complete", "violation", "notDetectable",
        "blocked", "bound",
    ];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    // The execution graphs of the same protocol that other tools count; under SC they are the Mazurkiewicz traces.
    [Theory]
    [InlineData("peer-protocol", "1", "1", 8)]
    [InlineData("peer-protocol", "2", "1", 96)]
    [InlineData("peer-protocol", "3", "1", 1_880)]
    [InlineData("peer-protocol", "1", "2", 428)]
    [InlineData("peer-protocol", "2", "2", 13_822)]
    [InlineData("peer-protocol-ptl", "1", "1", 8)]
    [InlineData("peer-protocol-ptl", "2", "1", 266)]
    [InlineData("peer-protocol-ptl", "3", "1", 36_066)]
    [InlineData("peer-protocol-ptl", "2", "2", 37_712)]
    public void Verify_PeerProtocol_CountsWhatOtherToolsCount(string scenario, string vcpus, string notifiers, int executions)
    {
        Outcome outcome = Cli.Run("verify", scenario, "-v", vcpus, "-n", notifiers, "--no-symmetry", "--json", "--out", folder.Path);
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Assert.Equal(executions, (int)outcome.Json["schedules"]!);
        Assert.True((bool)outcome.Json["complete"]!);
        Assert.Null(outcome.Json["violation"]);
    }

    [Fact]
    public void VerifyJson_HasTheKeysOfTheContract()
    {
        Outcome outcome = Cli.Run("verify", "peer-protocol", "--without", "rmb", "--json", "--out", folder.Path);
        Assert.Equal(Keys, outcome.Json.Select(p => p.Key));
        Assert.Equal(("verify", "peer-protocol", 2, "sc"), ((string)outcome.Json["command"]!, (string)outcome.Json["scenario"]!, (int)outcome.Json["vcpus"]!, (string)outcome.Json["memory"]!));
        Assert.Equal("rmb", (string?)Assert.Single(outcome.Json["notDetectable"]!.AsArray()));
    }

    [Fact]
    public void Verify_Correct_IsOneLine()
    {
        Outcome outcome = Cli.Run("verify", "peer-protocol", "--no-symmetry", "--out", folder.Of("new"));
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Assert.Matches(@"^verified: 96 executions, all there are up to equivalence(, \d+ cut short)?, [0-9.]+ k steps, no violation   scenario peer-protocol   memory sc   [0-9.]+ s, [0-9.]+ k? ?executions/s\n$", outcome.Out);
        Assert.Empty(folder.Files);
    }

    [Fact]
    public void Verify_Race_PrintsTheDiagramAndSavesAScheduleThatReplays()
    {
        Outcome outcome = Cli.Run("verify", "peer-protocol-buggy", "--workers", "1", "--out", folder.Path);
        Assert.Equal((1, ""), (outcome.Code, outcome.Error));
        string file = Assert.Single(folder.Files);
        string text = outcome.Out.Replace(folder.Path, "schedules", StringComparison.Ordinal);
        Golden.Matches("verify-race.txt", Number().Replace(Digest().Replace(text, "-DIGEST.json"), "execution N"));
        Assert.Equal(0, Cli.Run("replay", file).Code);
        Assert.Equal(0, Cli.Run("explain", file).Code);
        Assert.Equal(0, Cli.Run("shrink", file, "--no-progress").Code);
    }

    // A CPU that retries waits under verification and does not when the schedule is replayed.
    [Theory]
    [InlineData("fault-vs-invalidate", "loongarch-v20")]
    [InlineData("fast-path-vs-unmap", "loongarch-v20")]
    [InlineData("walk-vs-unmap", "loongarch-v3")]
    [InlineData("vcpu-migrates", "loongarch-v20")]
    [InlineData("memslot-delete-vs-unmap", "loongarch")]
    [InlineData("memslot-move-vs-fault", "loongarch-v3")]
    [InlineData("change-pte-overlap", "loongarch-v20")]
    [InlineData("ksm-vs-write", "loongarch-v20")]
    [InlineData("deep-table", "loongarch-v3")]
    public void Verify_Defect_IsFoundAndReplays(string scenario, string mmu)
    {
        Outcome outcome = Cli.Run("verify", scenario, "-m", mmu, "--json", "--out", folder.Path);
        Assert.Equal((1, ""), (outcome.Code, outcome.Error));
        JsonNode violation = outcome.Json["violation"]!;
        Assert.Contains((string)violation["invariant"]!, ScenarioCatalog.Find(scenario)!.Expectations.First(e => e.Mmu == mmu).Invariants);
        Assert.InRange((int)violation["preemptions"]!, 0, 3);
        Outcome replayed = Cli.Run("replay", (string)violation["schedule"]!, "--json");
        Assert.Equal(0, replayed.Code);
        Assert.Equal((int)violation["preemptions"]!, (int)replayed.Json["violation"]!["preemptions"]!);
    }

    [Theory]
    [InlineData("-i", "100")]
    [InlineData("--time", "50ms")]
    public void Verify_LimitReached_IsNotDecided(string option, string limit)
    {
        Outcome json = Cli.Run("verify", "peer-protocol", "-v", "4", "-n", "3", option, limit, "--json", "--out", folder.Path);
        Assert.Equal((3, false), (json.Code, (bool)json.Json["complete"]!));
        Outcome text = Cli.Run("verify", "peer-protocol", "-v", "4", "-n", "3", option, limit, "--out", folder.Path);
        Assert.Equal(3, text.Code);
        Assert.Matches(@"^not decided: \d+ executions, about [0-9.]+ % of the search", text.Out);
    }

    // One vCPU and one notifier have no schedule with 30 preemptions, and the race needs one.
    [Theory]
    [InlineData("peer-protocol", "0", 0)]
    [InlineData("peer-protocol", "30", 0)]
    [InlineData("peer-protocol-buggy", "0", 0)]
    [InlineData("peer-protocol-buggy", "1", 1)]
    public void Verify_Bound_IsCompleteWithinIt(string scenario, string bound, int code)
    {
        Outcome json = Cli.Run("verify", scenario, "-v", "1", "--bound", bound, "--json", "--out", folder.Path);
        Assert.Equal((code, code == 0, bound), (json.Code, (bool)json.Json["complete"]!, json.Json["bound"]!.ToJsonString()));
        Outcome text = Cli.Run("verify", scenario, "-v", "1", "--bound", bound, "--out", folder.Path);
        Assert.Equal(code, text.Code);
        Assert.StartsWith(code == 0 ? "held: " : "NoStaleMapping: ", text.Out, StringComparison.Ordinal);
        Assert.Equal(code == 0, text.Out.Contains($"with at most {bound} preemption", StringComparison.Ordinal));
    }

    [Fact]
    public void Verify_BoundAndLimitReached_SaysWhichBoundIsDone()
    {
        Outcome outcome = Cli.Run("verify", "peer-protocol", "--bound", "9", "-i", "300", "--out", folder.Path);
        Assert.Equal(3, outcome.Code);
        Assert.StartsWith("not decided: 300 schedules, all with fewer than 2 preemptions and some with as many, ", outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Verify_Interrupted_SaysHowFarItCame()
    {
        using var interrupter = new Interrupter(line => line.Contains(" executions", StringComparison.Ordinal) && line.Contains(" left", StringComparison.Ordinal));
        Outcome outcome = Cli.Run(interrupter.Change, "verify", "peer-protocol", "-v", "4", "-n", "4", "-i", Forever, "--out", folder.Path);
        Assert.Equal(130, outcome.Code);
        Assert.StartsWith("interrupted: ", outcome.Out, StringComparison.Ordinal);
        Assert.StartsWith("verify peer-protocol: ", interrupter.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Verify_JUnit_FailsWhereNotDecided()
    {
        string report = folder.Of("report.xml");
        Cli.Run("verify", "peer-protocol", "-v", "3", "-i", "10", "--workers", "1", "--out", folder.Path, "--junit", report);
        XElement test = XDocument.Load(report).Root!.Element("testsuite")!.Element("testcase")!;
        Assert.Equal("not decided after 10 executions", test.Element("failure")!.Attribute("message")!.Value);
    }

    [Fact]
    public void VerifyAll_AsExpected_ReturnsZero()
    {
        Scenario[] peers = ScenarioCatalog.All.Where(s => s is PeerProtocol).ToArray();
        Outcome outcome = Cli.Run(Fakes.Only(peers), "verify", "all", "--json", "--out", folder.Path);
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Assert.Equal(["rows", "unexpected", "undecided"], outcome.Json.Select(p => p.Key));
        List<JsonObject> rows = Rows(outcome);
        JsonObject buggy = rows.Single(r => (string?)r["scenario"] == "peer-protocol-buggy");
        Assert.Equal(("violated", "violated", "NoStaleMapping"), ((string)buggy["expected"]!, (string)buggy["seen"]!, (string)buggy["invariant"]!));
        Assert.Equal(0, Cli.Run("replay", (string)buggy["schedule"]!).Code);
        Assert.All(rows.Where(r => r != buggy), r => Assert.Equal(("held", true), ((string)r["seen"]!, (bool)r["complete"]!)));
    }

    [Fact]
    public void VerifyAll_RowNotFinished_IsUndecidedAndDoesNotFail()
    {
        var old = new FakeScenario("fault", Expectation.Held("new"), Expectation.Held("old"));
        Outcome outcome = Cli.Run(Fakes.Only(old), "verify", "all", "-i", "10", "--out", folder.Path);
        Assert.Contains("| undecided ", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("violated  <- unexpected", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("\n2 rows, 1 unexpected, 1 undecided, ", outcome.Out, StringComparison.Ordinal);
        Assert.Equal(1, outcome.Code);
        var slow = new FakeScenario("fault", Expectation.Held("new"));
        string report = folder.Of("report.xml");
        Outcome undecided = Cli.Run(Fakes.Only(slow), "verify", "all", "-i", "10", "--json", "--junit", report, "--out", folder.Path);
        Assert.Equal((0, "undecided", 1), (undecided.Code, (string?)Assert.Single(Rows(undecided))["seen"], (int)undecided.Json["undecided"]!));
        Assert.Equal("0", XDocument.Load(report).Root!.Element("testsuite")!.Attribute("failures")!.Value);
    }

    private static List<JsonObject> Rows(Outcome outcome) => outcome.Json["rows"]!.AsArray().Select(r => r!.AsObject()).ToList();

    [GeneratedRegex("-[0-9a-f]{4}\\.json")]
    private static partial Regex Digest();

    [GeneratedRegex("execution [0-9]+")]
    private static partial Regex Number();
}
