using System.Diagnostics;
using MmuStress.Explorer;
using MmuStress.Machine;

namespace MmuStress.Scenarios.Tests;

/// <summary>The same seed gives the same result, and a schedule always gives the same run.</summary>
public sealed class DeterminismTests
{
    private const string LongVariable = "MMU_STRESS_LONG";

    private static readonly string[] Several =
    [
        "fault-vs-invalidate on loongarch-mended", "collapse-vs-write on loongarch", "memslot-delete-vs-fault on loongarch-v20",
        "live-migration on loongarch-v3", "vcpu-migrates on loongarch-mended", "mixed on loongarch-mended", "peer-protocol",
    ];

    private static readonly string[] Violated =
    [
        "fault-vs-invalidate on loongarch-v20", "cow-vs-fault on loongarch-v20", "walk-vs-unmap on loongarch-v3", "memslot-move-vs-fault on loongarch",
        "dirty-log-strict on loongarch", "mixed on loongarch-v20", "peer-protocol-buggy",
    ];

    private static bool IsLong => string.Equals(Environment.GetEnvironmentVariable(LongVariable), "1", StringComparison.Ordinal);

    [Theory]
    [InlineData("cow-vs-fault on loongarch-v20", false)]
    [InlineData("fault-vs-invalidate on loongarch-v20", true)]
    [InlineData("mixed on loongarch-v20", true)]
    public void Explore_AnyNumberOfWorkers_FindsTheSame(string row, bool keepGoing)
    {
        var options = new ExplorationOptions { Iterations = 2_000, KeepGoing = keepGoing, Seed = 3 };
        ExplorationResult one = Row.Of(row).Run.Explore(options);
        Assert.NotEmpty(one.Findings);
        foreach (int workers in new[] { 2, 4 })
        {
            ExplorationResult more = Row.Of(row).Run.Explore(options with { Workers = workers });
            Assert.Equal((one.Schedules, one.Steps), (more.Schedules, more.Steps));
            Assert.Equal(one.Findings.Select(Describe), more.Findings.Select(Describe));
        }
    }

    [Fact]
    public void Replay_AnySchedule_DoesTheSame() => ReplayMany(300);

    [Fact]
    public void Replay_ManySchedules_DoesTheSame() =>
        ReplayMany(IsLong ? 10_000 : 1);

    [Fact]
    public void Replay_FindingsOfManySeedsInAnotherProcess_Violates()
    {
        using var folder = new TemporaryFolder();
        for (int i = 0; i < (IsLong ? 10_000 : 300); i++)
        {
            ScenarioRun run = Row.Of(Violated[i % Violated.Length]).Run;
            var options = new ExplorationOptions { Seed = 1000 + (ulong)i };
            Finding found = Assert.Single(run.Explore(options).Findings);
            ScheduleFile.Write(run.Record(found, options, found.Steps).Schedule, folder.Of($"{i}.json"));
        }

        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "mmu-stress.dll"), "replay", folder.Path])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process replay = Process.Start(start)!;
        Task<string> error = replay.StandardError.ReadToEndAsync();
        string output = replay.StandardOutput.ReadToEnd();
        replay.WaitForExit();
        Assert.Equal("", error.Result);
        Assert.Equal(0, replay.ExitCode);
        Assert.Contains("schedules replayed, 0 did not come back", output, StringComparison.Ordinal);
    }

    // Schedules that hold are saved as if they violated something: what is compared is every step.
    private static void ReplayMany(int count)
    {
        using var folder = new TemporaryFolder();
        var recorded = new Violation("Recorded", "a schedule of many");
        for (int i = 0; i < count; i++)
        {
            ScenarioRun run = Row.Of(Several[i % Several.Length]).Run;
            var options = new ExplorationOptions { Seed = (ulong)i };
            var machine = new ExploredMachine();
            var walk = new RandomWalk(options.Seed);
            walk.Begin(i);
            machine.Run(run.NewProgram(), walk);
            Assert.Null(machine.Violation);

            var finding = new Finding(recorded, i, machine.Decisions.ToArray(), machine.Steps, machine.Preemptions);
            (Schedule schedule, Recording first) = run.Record(finding, options, machine.Steps);
            ScheduleFile.Write(schedule, folder.Of("schedule.json"));
            Recording again = run.Replay(ScheduleFile.Read(folder.Of("schedule.json")));
            Assert.Null(again.Violation);
            Assert.Equal(first.Events, again.Events);
            Assert.Equal((machine.Steps, machine.Preemptions), (again.Steps, again.Preemptions));
        }
    }

    private static (string Invariant, string Message, long Index, int Steps, string Decisions) Describe(Finding finding) =>
        (finding.Violation.Invariant, finding.Violation.Message, finding.Index, finding.Steps, string.Join(',', finding.Decisions));
}
