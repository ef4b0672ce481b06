using System.CommandLine;
using System.Diagnostics;
using System.Threading;
using MmuStress.Explorer;
using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary><c>shrink</c>: writes the shortest schedule with the same violation.</summary>
internal static class ShrinkVerb
{
    private const long DefaultRuns = 1_000_000;

    /// <summary>The verb.</summary>
    /// <param name="surroundings">What it runs in.</param>
    /// <returns>Its command.</returns>
    public static Command Create(Surroundings surroundings)
    {
        var file = new Argument<string>("FILE") { Description = "a saved schedule" };
        var runs = new Option<string?>("-i") { HelpName = "N", Description = $"how many runs it may take (default: {DefaultRuns}, no limit with --time)" };
        var time = new Option<string?>("--time") { HelpName = "TIME", Description = "for how long at most: 30s, 5m, 1h" };
        var inPlace = new Option<bool>("--in-place") { Description = "replaces FILE; otherwise the shorter schedule is saved beside it" };
        var outputs = new OutputOptions(hasFolder: false, hasJUnit: false);
        var command = new Command("shrink", "writes the shortest schedule with the same violation") { file, runs, time, inPlace };
        outputs.AddTo(command);
        command.SetAction(parsed =>
        {
            TimeSpan? limit = parsed.GetValue(time) is { } t ? Values.Time(t, "--time") : null;
            long budget = parsed.GetValue(runs) is { } i ? Values.Number(i, "-i", 1, long.MaxValue) : limit is null ? DefaultRuns : long.MaxValue;
            Outputs opened = outputs.Read(parsed);
            SavedSchedule saved = SavedSchedule.Read(parsed.GetRequiredValue(file), surroundings);
            Writable.RequireFolder(FolderOf(saved), "the folder of");
            return Run(saved, budget, limit, parsed.GetValue(inPlace), opened, surroundings);
        });
        return command;
    }

    private static int Run(SavedSchedule saved, long budget, TimeSpan? limit, bool isInPlace, Outputs outputs, Surroundings surroundings)
    {
        if (saved.Replay(out _) is { } problem)
        {
            saved.ReportFailure(problem, surroundings);
            return ExitCode.Violated;
        }

        var watch = Stopwatch.StartNew();
        using var timeUp = CancellationTokenSource.CreateLinkedTokenSource(surroundings.Cancellation);
        if (limit is { } most)
        {
            timeUp.CancelAfter(most);
        }

        var shrinker = new Shrinker(saved.Run.NewProgram(), saved.Run.UnderModel(saved.Options), budget, timeUp.Token);
        Finding before = saved.Schedule.ToFinding();
        Finding after = ProgressMeter.Show(surroundings, outputs.ShowsProgress, Snapshot, () => shrinker.Shrink(before));
        (Schedule schedule, Recording recording) = saved.Run.Record(after, saved.Options, Math.Max(saved.Schedule.StepsBeforeShrinking, before.Steps));
        bool isShorter = !ReferenceEquals(before, after);
        string path = isShorter ? Save(schedule, saved, isInPlace) : saved.Path;
        if (outputs.Json)
        {
            ResultJson.Print(
                ResultJson.Of(
                    "shrink",
                    saved.Run,
                    schedule.Strategy,
                    schedule.Seed,
                    shrinker.Runs,
                    schedule.Steps,
                    watch.Elapsed.TotalSeconds,
                    isComplete: !timeUp.IsCancellationRequested && shrinker.Runs < budget,
                    ResultJson.Violation(schedule, path),
                    []),
                surroundings.Out);
        }
        else
        {
            string result = isShorter ? $"after:  {Size(after, schedule.Actors.Count)}" : "after:  no shorter one found";
            surroundings.Out.Write($"before: {Size(before, schedule.Actors.Count)}\n{result}   {Quantity.Count(shrinker.Runs, "run")}, {Quantity.Time(watch.Elapsed.TotalSeconds)}\n\n");
            surroundings.Out.Write(ViolationReport.Text(schedule, recording, $"schedule {schedule.Index + 1}", path));
        }

        return surroundings.IsInterrupted ? ExitCode.Interrupted : ExitCode.Held;

        ProgressSnapshot Snapshot() =>
            new("shrink", "runs", shrinker.Runs, budget == long.MaxValue ? null : budget, watch.Elapsed.TotalSeconds, limit, null);
    }

    private static string Save(Schedule schedule, SavedSchedule saved, bool isInPlace)
    {
        if (!isInPlace)
        {
            return new ScheduleFolder(FolderOf(saved)).Save(schedule);
        }

        try
        {
            ScheduleFile.Write(schedule, saved.Path);
            return saved.Path;
        }
        catch (Exception e) when (Writable.IsRefusal(e))
        {
            throw new UsageException($"{saved.Path} cannot be written: {e.Message}");
        }
    }

    private static string FolderOf(SavedSchedule saved) => Path.GetDirectoryName(saved.Path) is { Length: > 0 } folder ? folder : ".";

    private static string Size(Finding finding, int actors) =>
        $"{Quantity.Count(finding.Preemptions, "preemption")}, {Quantity.Count(finding.Steps, "step")}, "
        + Quantity.Count(actors - System.Numerics.BitOperations.PopCount(finding.DisabledCpus), "actor");
}
