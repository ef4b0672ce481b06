using System.Text.Json.Nodes;
using System.Xml.Linq;
using MmuStress.Scenarios;

namespace MmuStress.Cli.Tests;

public sealed class ExploreAllTests : IDisposable
{
    private static readonly Expectation OldIsViolated = Expectation.Violated("old", "D1", "NoStaleMapping");
    private static readonly Expectation NewHolds = Expectation.Held("new");

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void ExploreAll_AsExpected_ReturnsZero()
    {
        Scenario[] peers = ScenarioCatalog.All.Where(s => s is PeerProtocol).ToArray();
        Outcome outcome = Cli.Run(Fakes.Only(peers), "explore", "all", "-i", "500", "--json", "--out", folder.Path);
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Assert.Equal(["rows", "unexpected"], outcome.Json.Select(p => p.Key));
        Assert.Equal(0, (int)outcome.Json["unexpected"]!);
        Assert.All(Rows(outcome), r => Assert.Equal(["scenario", "mmu", "memory", "expected", "seen", "invariant", "schedule", "schedules", "seconds"], r.Select(p => p.Key)));
        JsonObject buggy = Rows(outcome).Single(r => (string?)r["scenario"] == "peer-protocol-buggy");
        Assert.Equal(("violated", "violated", "NoStaleMapping"), ((string)buggy["expected"]!, (string)buggy["seen"]!, (string)buggy["invariant"]!));
        Assert.Equal(0, Cli.Run("replay", (string)buggy["schedule"]!).Code);
        JsonObject held = Rows(outcome).Single(r => (string?)r["scenario"] == "peer-protocol");
        Assert.Equal(("held", "held", 500), ((string)held["expected"]!, (string)held["seen"]!, (int)held["schedules"]!));
        Assert.Null(held["invariant"]);
        Assert.Null(held["schedule"]);
    }

    [Fact]
    public void ExploreAll_ExpectedToHoldButViolated_IsUnexpected() =>
        AssertUnexpected("everything was expected to hold, NoStaleMapping was violated", Expectation.Held("old"));

    [Fact]
    public void ExploreAll_ExpectedViolationButHeld_IsUnexpected() =>
        AssertUnexpected(
            "a violation of NoStaleMapping was expected (D1), everything held in 1000 schedules", Expectation.Violated("new", "D1", "NoStaleMapping"));

    [Fact]
    public void ExploreAll_AnotherInvariantViolated_IsUnexpected() =>
        AssertUnexpected(
            "a violation of NoDeadlock or NoDataRace was expected (D2), NoStaleMapping was violated", Expectation.Violated("old", "D2", "NoDeadlock", "NoDataRace"));

    [Fact]
    public void ExploreAll_OneMmu_RunsItsRowsOnly()
    {
        Outcome outcome = Cli.Run(Fakes.Only(new FakeScenario("fault", OldIsViolated, NewHolds)), "explore", "all", "-m", "old", "--json", "--out", folder.Path);
        Assert.Equal("old", (string?)Assert.Single(Rows(outcome))["mmu"]);
    }

    [Fact]
    public void ExploreAll_Table_HasARowForEachMmu()
    {
        Outcome outcome = Cli.Run(
            Fakes.Only(new FakeScenario("fault", OldIsViolated, NewHolds), new FakeScenario("other", Expectation.Held("old"))),
            "explore", "all", "-i", "100", "--out", folder.Path);
        Assert.Equal(1, outcome.Code);
        string[] lines = outcome.Out.Split('\n');
        Assert.Equal(["scenario", "mmu", "expected", "seen", "invariant", "schedules", "time", "defect"], Cells(lines[1]));
        Assert.Equal(["fault", "old", "violated", "violated", "NoStaleMapping", "1"], Cells(lines[3]).Take(6));
        Assert.Equal("D1", Cells(lines[3])[7]);
        Assert.Equal(["fault", "new", "held", "held", "", "100"], Cells(lines[4]).Take(6));
        Assert.Equal(["other", "old", "held", "violated  <- unexpected", "NoStaleMapping", "1"], Cells(lines[5]).Take(6));
        Assert.Contains("\nunexpected: other on old: everything was expected to hold, NoStaleMapping was violated\n", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("\n3 rows, 1 unexpected, ", outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void ExploreAll_JUnit_HasATestCaseForEachRow()
    {
        string report = folder.Of("report.xml");
        Cli.Run(Fakes.Only(new FakeScenario("fault", OldIsViolated, NewHolds, Expectation.Held("old"))), "explore", "all", "-i", "100", "--out", folder.Path, "--junit", report);
        XElement suite = XDocument.Load(report).Root!.Element("testsuite")!;
        Assert.Equal(("3", "1", "0"), (suite.Attribute("tests")!.Value, suite.Attribute("failures")!.Value, suite.Attribute("errors")!.Value));
        Assert.Equal(["old", "new", "old"], suite.Elements("testcase").Select(c => c.Attribute("name")!.Value));
        Assert.Equal([false, false, true], suite.Elements("testcase").Select(c => c.Element("failure") is not null));
    }

    private void AssertUnexpected(string problem, Expectation expectation)
    {
        var scenario = new FakeScenario("fault", expectation);
        Outcome json = Cli.Run(Fakes.Only(scenario), "explore", "all", "-i", "100", "--json", "--out", folder.Path);
        Assert.Equal((1, 1), (json.Code, (int)json.Json["unexpected"]!));
        Outcome text = Cli.Run(Fakes.Only(scenario), "explore", "all", "-i", "100", "--out", folder.Path);
        Assert.Contains($"\nunexpected: fault on {expectation.Mmu}: {problem}\n", text.Out, StringComparison.Ordinal);
        Assert.Equal(1, text.Code);
    }

    private static List<JsonObject> Rows(Outcome outcome) => outcome.Json["rows"]!.AsArray().Select(r => r!.AsObject()).ToList();

    private static string[] Cells(string line) => line.Trim('|').Split('|').Select(c => c.Trim()).ToArray();
}
