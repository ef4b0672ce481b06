namespace MmuStress.Cli.Tests;

public sealed class StartTests
{
    [Fact]
    public void Run_WithoutArguments_SaysWhatItIs()
    {
        Outcome outcome = Cli.Run();
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Golden.Matches("start.txt", outcome.Out);
    }

    [Theory]
    [InlineData("help.txt")]
    [InlineData("help-list.txt", "list")]
    [InlineData("help-explore.txt", "explore")]
    [InlineData("help-verify.txt", "verify")]
    [InlineData("help-mutate.txt", "mutate")]
    [InlineData("help-replay.txt", "replay")]
    [InlineData("help-shrink.txt", "shrink")]
    [InlineData("help-explain.txt", "explain")]
    [InlineData("help-soak.txt", "soak")]
    [InlineData("help-stats.txt", "stats")]
    [InlineData("help-litmus.txt", "litmus")]
    [InlineData("help-trace.txt", "trace")]
    public void Help_IsAsWritten(string golden, params string[] verb)
    {
        Outcome outcome = Cli.Run([.. verb, "--help"]);
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Golden.Matches(golden, string.Join('\n', outcome.Out.ReplaceLineEndings("\n").Split('\n').Select(l => l.TrimEnd())));
    }

    [Fact]
    public void Version_IsOneLine()
    {
        Outcome outcome = Cli.Run("--version");
        Assert.Equal((0, $"mmu-stress {Scenarios.ToolVersion.Text}\n"), (outcome.Code, outcome.Out));
    }

    [Fact]
    public void List_NamesEverything()
    {
        Outcome outcome = Cli.Run(Fakes.Only(new FakeScenario("fault", Scenarios.Expectation.Violated("old", "D1", "NoStaleMapping"), Scenarios.Expectation.Held("new"))), "list");
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Golden.Matches("list.txt", outcome.Out);
    }

    [Fact]
    public void ListJson_HasTheKeysOfTheContract()
    {
        Outcome outcome = Cli.Run("list", "--json");
        Assert.All(outcome.Json, p => Assert.All(p.Value!.AsArray(), i => Assert.NotEqual("", (string?)i!["summary"])));
        Assert.Equal(["scenarios", "mmus", "strategies", "memoryModels", "invariants"], outcome.Json.Select(p => p.Key));
        Assert.All(outcome.Json, p => Assert.All(p.Value!.AsArray(), i => Assert.Equal(["name", "summary"], i!.AsObject().Select(k => k.Key))));
        Assert.Contains(outcome.Json["scenarios"]!.AsArray(), s => (string?)s!["name"] == "peer-protocol-ptl");
    }
}
