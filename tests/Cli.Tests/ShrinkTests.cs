using MmuStress.Explorer;
using MmuStress.Scenarios;

namespace MmuStress.Cli.Tests;

public sealed class ShrinkTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string file;
    private readonly string text;
    private readonly int steps;

    public ShrinkTests()
    {
        var run = new ScenarioRun(ScenarioCatalog.Find("peer-protocol-buggy")!, new ScenarioParameters { Vcpus = 3, Notifiers = 2 }, "");
        var options = new ExplorationOptions { Strategy = "random", Seed = 7 };
        Finding finding = run.Explore(options).Findings[0];
        steps = finding.Steps;
        file = folder.Of("long.json");
        ScheduleFile.Write(run.Record(finding, options, finding.Steps).Schedule, file);
        text = File.ReadAllText(file);
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Shrink_LongSchedule_SavesAShorterOneBesideIt()
    {
        Outcome outcome = Cli.Run("shrink", file);
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Assert.StartsWith($"before: ", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("\nafter:  1 preemption, ", outcome.Out, StringComparison.Ordinal);
        Assert.Contains($" (shrunk from {steps})\n", outcome.Out, StringComparison.Ordinal);
        Assert.Equal(text, File.ReadAllText(file));
        string shorter = Assert.Single(folder.Files, f => f != file);
        Assert.Equal(0, Cli.Run("replay", shorter).Code);
        Schedule schedule = ScheduleFile.Read(shorter);
        Assert.True(schedule.Steps < steps);
        Assert.Equal(steps, schedule.StepsBeforeShrinking);
    }

    [Fact]
    public void Shrink_ShortestSchedule_SavesNothing()
    {
        Cli.Run("shrink", file, "--in-place");
        Outcome outcome = Cli.Run("shrink", file);
        Assert.Equal(0, outcome.Code);
        Assert.Contains("\nafter:  no shorter one found ", outcome.Out, StringComparison.Ordinal);
        Assert.Single(folder.Files);
    }

    [Fact]
    public void Shrink_InPlace_ReplacesTheFile()
    {
        Outcome outcome = Cli.Run("shrink", file, "--in-place", "--json");
        Assert.Equal((0, file), (outcome.Code, (string)outcome.Json["violation"]!["schedule"]!));
        Assert.True(ScheduleFile.Read(file).Steps < steps);
        Assert.Equal(0, Cli.Run("replay", file).Code);
        Assert.Single(folder.Files);
    }

    [Fact]
    public void Shrink_OneRun_KeepsToItsBudget()
    {
        Outcome outcome = Cli.Run("shrink", file, "-i", "1", "--json");
        Assert.Equal((0, 1), (outcome.Code, (int)outcome.Json["schedules"]!));
        Assert.False((bool)outcome.Json["complete"]!);
    }

    [Fact]
    public void Shrink_DoesNotFitAnyMore_WritesNothing()
    {
        ScheduleFile.Write(ScheduleFile.Read(file) with { Scenario = "peer-protocol-ptl" }, file);
        Outcome outcome = Cli.Run("shrink", file);
        Assert.Equal((1, ""), (outcome.Code, outcome.Out));
        Assert.Single(folder.Files);
    }
}
