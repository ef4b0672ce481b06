using System.Xml.Linq;
using MmuStress.Explorer;

namespace MmuStress.Cli.Tests;

public sealed class ReplayTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string file;
    private readonly Schedule schedule;

    public ReplayTests()
    {
        Cli.Run("explore", "peer-protocol-buggy", "-v", "3", "-n", "2", "-r", "7", "--out", folder.Path);
        file = Assert.Single(folder.Files);
        schedule = ScheduleFile.Read(file);
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Replay_SavedSchedule_PrintsTheSameReport()
    {
        Outcome outcome = Cli.Run("replay", file);
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Assert.StartsWith("NoStaleMapping: ", outcome.Out, StringComparison.Ordinal);
        Assert.EndsWith($"  replay  mmu-stress replay {file}\n", outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void ReplayJson_HasTheViolation()
    {
        Outcome outcome = Cli.Run("replay", file, "--json");
        Assert.Equal((0, "replay", 1), (outcome.Code, (string)outcome.Json["command"]!, (int)outcome.Json["schedules"]!));
        Assert.Equal((schedule.Steps, file), ((int)outcome.Json["violation"]!["steps"]!, (string)outcome.Json["violation"]!["schedule"]!));
    }

    [Fact]
    public void Replay_AFolder_ReplaysEverySchedule()
    {
        Cli.Run("explore", "peer-protocol-buggy", "-r", "8", "--out", folder.Path);
        Outcome outcome = Cli.Run("replay", folder.Path);
        Assert.Equal((0, "2 schedules replayed, 0 did not come back\n", ""), (outcome.Code, outcome.Out, outcome.Error));
    }

    [Fact]
    public void Replay_SeveralFilesOneOfWhichDoesNotFit_SaysWhichAndExits1()
    {
        string other = folder.Of("other.json");
        ScheduleFile.Write(schedule with { Decisions = [.. schedule.Decisions.Select(d => (ushort)(d == 0 ? 1 : d == 1 ? 0 : d))] }, other);
        Outcome outcome = Cli.Run("replay", file, other);
        Assert.Equal((1, "2 schedules replayed, 1 did not come back\n"), (outcome.Code, outcome.Out));
        Assert.StartsWith($"mmu-stress: {other}: ", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Replay_AnEmptyFolder_IsRefused()
    {
        string empty = Directory.CreateDirectory(folder.Of("empty")).FullName;
        Cli.Run("replay", empty).Refused($"{empty}: there is no schedule in this folder");
    }

    [Fact]
    public void Replay_TruncatedAnywhere_IsRefused()
    {
        string text = File.ReadAllText(file);
        string cut = folder.Of("cut.json");
        for (int length = 0; length < text.Length - 2; length += 97)
        {
            File.WriteAllText(cut, text[..length]);
            Cli.Run("replay", cut).Refused($"{cut}: it is not a schedule, or not a whole one");
        }
    }

    [Fact]
    public void Replay_Edited_IsRefused()
    {
        string edited = folder.Write("edited.json", File.ReadAllText(file).Replace("\"seed\": 7", "\"seed\": 8", StringComparison.Ordinal));
        Cli.Run("replay", edited).Refused($"{edited}: it was edited after it was saved: its digest does not match");
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("3")]
    [InlineData("hello")]
    [InlineData("{}")]
    [InlineData("{\"format\": 3}")]
    [InlineData("{\"format\": \"mmu-stress schedule\"}")]
    [InlineData("{\"format\": \"mmu-stress schedule\", \"version\": 99}")]
    [InlineData("{\"a\": 1, \"a\": 2}")]
    public void Replay_NotASchedule_IsRefused(string text)
    {
        Outcome outcome = Cli.Run("replay", folder.Write("other.json", text));
        Assert.Equal((2, ""), (outcome.Code, outcome.Out));
        Assert.StartsWith($"mmu-stress: {folder.Of("other.json")}: it is ", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(1, outcome.Error.Count(c => c == '\n'));
    }

    [Fact]
    public void Replay_OfAnotherTool_IsRefused()
    {
        Refused(schedule with { Scenario = "peer-protocol-bugy" }, "there is no scenario 'peer-protocol-bugy'; did you mean 'peer-protocol-buggy'?");
        Refused(schedule with { Mmu = "mips" }, "-m does not go with scenario peer-protocol-buggy, which has no MMU to choose");
        Refused(schedule with { Memory = "lkm" }, "there is no memory model 'lkm'; did you mean 'lkmm'?");
        Refused(schedule with { Parameters = Changed("vcpus", "0") }, "there must be at least 1 vCPU (-v)");
        Refused(schedule with { Parameters = Changed("vcpus", "many") }, "its parameters cannot be read: The input string 'many' was not in a correct format.");
        Refused(schedule with { Parameters = new Dictionary<string, string>() }, "its parameters cannot be read: The given key 'vcpus' was not present in the dictionary.");
    }

    [Fact]
    public void Replay_CodeHasChanged_SaysWhereAndHowToGoOn()
    {
        string changed = Save(Renamed());
        Outcome outcome = Cli.Run("replay", changed);
        int step = schedule.Events.ToList().FindIndex(e => e.Contains("host_pte", StringComparison.Ordinal)) + 1;
        Assert.Equal((1, ""), (outcome.Code, outcome.Out));
        Assert.Equal(
            $"mmu-stress: {changed}: the schedule no longer fits at step {step}: expected vcpu0 ReadOnce old_pte, found vcpu0 ReadOnce host_pte; "
            + $"'mmu-stress replay --adapt {changed}' looks for it near this schedule\n",
            outcome.Error);
    }

    [Fact]
    public void Replay_NothingIsViolatedAnyMore_IsNotReproduced()
    {
        Outcome correct = Cli.Run("replay", Save(schedule with { Scenario = "peer-protocol" }));
        Assert.Equal((1, ""), (correct.Code, correct.Out));
        Outcome other = Cli.Run("replay", Save(schedule with { Violation = schedule.Violation with { Invariant = "NoDeadlock" } }), "--json");
        Assert.Equal(1, other.Code);
        Assert.Null(other.Json["violation"]);
        Assert.Contains($"expected a violation of NoDeadlock at step {schedule.Steps}, found NoStaleMapping at step {schedule.Steps}", other.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Replay_SavedByAnotherVersion_SaysSoWhenItDoesNotFit()
    {
        Outcome outcome = Cli.Run("replay", Save(Renamed() with { Tool = "0.0.9" }));
        Assert.Contains($" (saved by version 0.0.9, this is {Scenarios.ToolVersion.Text}); ", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Adapt_CodeHasChanged_FindsAndSavesTheViolation()
    {
        string changed = Save(Renamed());
        string before = File.ReadAllText(changed);
        Outcome outcome = Cli.Run("replay", "--adapt", changed, "--json", "--out", folder.Of("adapted"));
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        string adapted = (string)outcome.Json["violation"]!["schedule"]!;
        Assert.Equal(folder.Of("adapted"), Path.GetDirectoryName(adapted));
        Assert.Equal(0, Cli.Run("replay", adapted).Code);
        Assert.Equal(before, File.ReadAllText(changed));
    }

    [Fact]
    public void Adapt_NothingNear_IsNotReproduced()
    {
        string changed = Save(schedule with { Scenario = "peer-protocol" });
        Outcome outcome = Cli.Run("replay", "--adapt", changed, "-i", "500", "--out", folder.Path);
        Assert.Equal((1, ""), (outcome.Code, outcome.Out));
        Assert.Equal($"mmu-stress: {changed}: no violation of NoStaleMapping found near this schedule\n", outcome.Error);
    }

    [Fact]
    public void Replay_JUnit_PassesWhenReproduced()
    {
        string report = folder.Of("report.xml");
        Cli.Run("replay", file, "--junit", report);
        Assert.Equal("0", XDocument.Load(report).Root!.Attribute("failures")!.Value);
        Cli.Run("replay", Save(Renamed()), "--junit", report);
        Assert.Equal("1", XDocument.Load(report).Root!.Attribute("failures")!.Value);
    }

    [Fact]
    public void Explain_PrintsTheReport()
    {
        Outcome outcome = Cli.Run("explain", file, "--all-steps");
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Assert.Equal(Cli.Run("replay", file, "--all-steps").Out, outcome.Out);
        Assert.Equal("explain", (string?)Cli.Run("explain", file, "--json").Json["command"]);
        Assert.Equal(1, Cli.Run("explain", Save(Renamed())).Code);
    }

    private void Refused(Schedule changed, string message)
    {
        string path = Save(changed);
        Cli.Run("replay", path).Refused($"{path}: {message}");
        Cli.Run("shrink", path).Refused($"{path}: {message}");
        Cli.Run("explain", path).Refused($"{path}: {message}");
    }

    // As if a field had had another name when the schedule was saved.
    private Schedule Renamed() => schedule with { Events = schedule.Events.Select(e => e.Replace("host_pte", "old_pte", StringComparison.Ordinal)).ToList() };

    private Dictionary<string, string> Changed(string name, string value) => new(schedule.Parameters, StringComparer.Ordinal) { [name] = value };

    private string Save(Schedule changed)
    {
        string path = folder.Of("changed.json");
        ScheduleFile.Write(changed, path);
        return path;
    }
}
