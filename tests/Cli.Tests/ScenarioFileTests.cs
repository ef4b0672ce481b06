using MmuStress.Explorer;
using MmuStress.Scenarios;

namespace MmuStress.Cli.Tests;

/// <summary>A scenario file stands wherever a scenario is named, and so do the schedules that it leads to.</summary>
public sealed class ScenarioFileTests : IDisposable
{
    private const string Text = """
        {
          "format": "mmu-stress scenario",
          "version": 1,
          "slots": [ { "slot": 0, "gfn": 1, "pages": 1 } ],
          "actors": [
            { "name": "reader", "kind": "vcpu", "does": [ { "do": "faultRead", "gfn": 1 } ] },
            { "name": "dropper", "kind": "host", "does": [ { "do": "unmap", "page": 1 } ] }
          ]
        }
        """;

    private readonly TemporaryFolder folder = new();
    private readonly string file;

    public ScenarioFileTests() => file = folder.Write("race.scenario.json", Text);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Explore_OnAPosting_FindsTheRaceAndNamesTheFilesActors()
    {
        Outcome outcome = Explore("loongarch-v20");
        Assert.Equal((1, "race", "loongarch-v20", 1), (outcome.Code, (string)outcome.Json["scenario"]!, (string)outcome.Json["mmu"]!, (int)outcome.Json["vcpus"]!));
        Assert.Equal(
            ["command", "scenario", "mmu", "vcpus", "memory", "strategy", "seed", "schedules", "steps", "seconds", "complete", "violation", "notDetectable"],
            outcome.Json.Select(p => p.Key));
        Assert.Equal("NoStaleMapping", (string)outcome.Json["violation"]!["invariant"]!);
        Assert.Equal(["reader", "dropper"], ScheduleFile.Read((string)outcome.Json["violation"]!["schedule"]!).Actors);
    }

    [Theory]
    [InlineData("loongarch-mended")]
    [InlineData("x86")]
    [InlineData("arm64")]
    public void Verify_OnARightMmu_IsComplete(string mmu)
    {
        Outcome outcome = Cli.Run("verify", file, "-m", mmu, "--json", "--out", folder.Of("out"));
        Assert.Equal((0, true, null), (outcome.Code, (bool)outcome.Json["complete"]!, outcome.Json["violation"]));
        Assert.InRange((int)outcome.Json["schedules"]!, 10, 10_000);
    }

    [Fact]
    public void Verify_WithoutM_RunsOnTheMmuThatHolds()
    {
        Outcome outcome = Cli.Run("verify", file, "--out", folder.Of("out"));
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Assert.Contains("   scenario race   mmu loongarch-mended   ", outcome.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tso")]
    [InlineData("lkmm")]
    public void Verify_UnderAWeakModel_Runs(string memory) =>
        Assert.Equal(0, Cli.Run("explore", file, "--memory", memory, "-i", "50", "--out", folder.Of("out")).Code);

    [Fact]
    public void Mutate_SaysWhichOperationsTheFileNeeds()
    {
        Outcome outcome = Cli.Run("mutate", file, "-m", "x86", "--json", "-i", "300", "--time", "1s", "--site", "mmu_lock", "--out", folder.Of("out"));
        Assert.Equal(0, outcome.Code);
        Assert.Contains(outcome.Json["sites"]!.AsArray(), s => string.Equals((string)s!["verdict"]!, "necessary", StringComparison.Ordinal));
    }

    [Fact]
    public void Soak_GoesThroughTheFileAgainAndAgain()
    {
        Outcome outcome = Cli.Run("soak", file, "-i", "50", "--json");
        Assert.Equal((0, "race", 1), (outcome.Code, (string)outcome.Json["scenario"]!, (int)outcome.Json["vcpus"]!));
        Assert.True((long)outcome.Json["faults"]! >= 50);
        Assert.Empty(outcome.Json["violations"]!.AsArray());
    }

    /// <summary>The schedule has the file in it: nothing else is needed.</summary>
    [Fact]
    public void Schedule_IsReplayedExplainedAndShrunkWithoutTheFile()
    {
        string schedule = (string)Explore("loongarch-v20").Json["violation"]!["schedule"]!;
        File.Delete(file);
        Assert.Equal(0, Cli.Run("replay", schedule).Code);
        Outcome explained = Cli.Run("explain", schedule);
        Assert.Equal(0, explained.Code);
        Assert.Contains("dropper", explained.Out, StringComparison.Ordinal);
        Outcome shrunk = Cli.Run("shrink", schedule, "--json");
        Assert.Equal((0, "race"), (shrunk.Code, (string)shrunk.Json["scenario"]!));
        Assert.Equal(0, Cli.Run("replay", schedule, "--adapt", "--out", folder.Of("adapted")).Code);
    }

    /// <summary>What the code does no longer fits, but the race is still there, near the old schedule.</summary>
    [Fact]
    public void Replay_OfAScheduleThatDoesNotFit_IsAdapted()
    {
        string path = (string)Explore("loongarch-v20").Json["violation"]!["schedule"]!;
        Schedule saved = ScheduleFile.Read(path);
        ScheduleFile.Write(saved with { Events = [.. saved.Events.Skip(1).Prepend("reader ReadOnce something_else => 0")] }, path);
        Assert.Equal(1, Cli.Run("replay", path).Code);
        Outcome adapted = Cli.Run("replay", path, "--adapt", "--out", folder.Of("adapted"));
        Assert.Equal(0, adapted.Code);
        Assert.Equal(0, Cli.Run("replay", Assert.Single(Directory.GetFiles(folder.Of("adapted")))).Code);
    }

    [Theory]
    [InlineData("{}", "it is not a scenario file: its 'format' is not 'mmu-stress scenario'")]
    [InlineData("", "it is empty")]
    [InlineData("""{"format":"mmu-stress scenario","version":1,"slots":[{"slot":0,"gfn":1,"pages":1}],"actors":[{"name":"a","kind":"vcpu","does":[{"do":"reed","gfn":1}]}]}""", "actors[0].does[0]: unknown operation 'reed' (vcpu actors have: read, write, faultRead, faultWrite)")]
    public void Schedule_WithAnotherFileInIt_IsRefused(string inIt, string problem)
    {
        string path = (string)Explore("loongarch-v20").Json["violation"]!["schedule"]!;
        Schedule saved = ScheduleFile.Read(path);
        var parameters = new Dictionary<string, string>(saved.Parameters, StringComparer.Ordinal) { [ScenarioParameters.FileKey] = inIt };
        ScheduleFile.Write(saved with { Parameters = parameters }, path);
        Cli.Run("replay", path).Refused($"{path}: its scenario file: {problem}");
    }

    [Theory]
    [InlineData("-v", "2")]
    [InlineData("-n", "1")]
    [InlineData("-b", "4K")]
    [InlineData("-x", "1")]
    [InlineData("-s", "shmem")]
    public void Size_OnTheCommandLine_IsRefused(string option, string value)
    {
        foreach (string verb in (string[])["explore", "verify", "mutate", "soak"])
        {
            Cli.Run(verb, file, option, value).Refused($"{option} does not go with a scenario file, which says itself how large the scenario is");
        }
    }

    [Fact]
    public void Overlap_OnTheCommandLine_IsRefused() =>
        Cli.Run("explore", file, "-o").Refused("-o does not go with a scenario file, which says itself how large the scenario is");

    [Fact]
    public void BadFile_IsOneLineForEveryVerb()
    {
        string bad = folder.Write("bad.scenario.json", Text.Replace("\"unmap\"", "\"unmapp\"", StringComparison.Ordinal));
        foreach (string verb in (string[])["explore", "verify", "mutate", "soak"])
        {
            Cli.Run(verb, bad).Refused($"{bad}: actors[1].does[0]: unknown operation 'unmapp' (host actors have: {ScenarioFileOperations.NamesOf("host")})");
        }
    }

    [Theory]
    [InlineData("explore", "explored")]
    [InlineData("soak", "soaked")]
    public void Mmu_ThatRefusesTheFile_IsNamed(string verb, string how)
    {
        string logged = folder.Write("logged.scenario.json", Text.Replace("\"pages\": 1 }", "\"pages\": 1, \"flags\": [ \"logDirtyPages\" ] }", StringComparison.Ordinal));
        Cli.Run(verb, logged, "-m", "arm-2012").Refused($"scenario logged cannot be {how} like that: MMU arm-2012 refuses slot 0 with error -22");
    }

    [Fact]
    public void Checkpoint_OfAnotherFile_IsRefused()
    {
        string kept = folder.Of("kept.json");
        string[] search = ["verify", file, "-m", "loongarch", "--out", folder.Of("out"), "--workers", "1"];
        Assert.Equal(3, Cli.Run([.. search, "-i", "5", "--checkpoint", kept]).Code);
        File.WriteAllText(file, Text.Replace("faultRead", "faultWrite", StringComparison.Ordinal));
        Cli.Run([.. search, "--resume", kept]).Refused($"{kept}: it is a search of another scenario file");
        File.WriteAllText(file, Text.ReplaceLineEndings("\r\n"));
        Assert.Equal(0, Cli.Run([.. search, "--resume", kept]).Code);

        Assert.Equal(3, Cli.Run("verify", "fault-vs-invalidate", "-v", "1", "-i", "5", "--checkpoint", kept, "--out", folder.Of("out")).Code);
        Cli.Run("verify", folder.Write("fault-vs-invalidate.scenario.json", Text), "--resume", kept, "--out", folder.Of("out")).Refused($"{kept}: it is a search of no scenario file");
    }

    [Fact]
    public void List_HasNoFiles() => Assert.DoesNotContain("scenario.json", Cli.Run("list").Out, StringComparison.Ordinal);

    [Fact]
    public void Example_IsFoundOnThePostingAndHoldsOnRightMmus()
    {
        string example = Path.Combine(Folder.Of(""), "..", "..", "examples", "fault-vs-unmap.scenario.json");
        Outcome posting = Cli.Run("explore", example, "-m", "loongarch-v20", "-r", "1", "--json", "--out", folder.Of("out"));
        Assert.Equal((1, "NoStaleMapping"), (posting.Code, (string)posting.Json["violation"]!["invariant"]!));
        foreach (string mmu in (string[])["loongarch-mended", "x86"])
        {
            Outcome held = Cli.Run("verify", example, "-m", mmu, "-i", "2000", "--json", "--out", folder.Of("out"));
            Assert.Null(held.Json["violation"]);
        }
    }

    private Outcome Explore(string mmu) => Cli.Run("explore", file, "-m", mmu, "-r", "1", "--json", "--out", folder.Of("out"));
}
