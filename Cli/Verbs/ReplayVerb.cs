using System.CommandLine;
using System.Diagnostics;
using System.Threading;
using MmuStress.Explorer;
using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary><c>replay</c>: runs a saved schedule again, or looks for its violation near it.</summary>
internal static class ReplayVerb
{
    private const long DefaultAttempts = 100_000;

    /// <summary>The verb.</summary>
    /// <param name="surroundings">What it runs in.</param>
    /// <returns>Its command.</returns>
    public static Command Create(Surroundings surroundings)
    {
        var files = new Argument<string[]>("FILE") { Description = "a saved schedule; several, or a folder of them, are replayed one after another", Arity = ArgumentArity.OneOrMore };
        var adapt = new Option<bool>("--adapt") { Description = "when the code has changed, looks for the same violation near the schedule and saves what it finds" };
        var attempts = new Option<string?>("-i") { HelpName = "N", Description = $"how many schedules --adapt tries (default: {DefaultAttempts})" };
        var time = new Option<string?>("--time") { HelpName = "TIME", Description = "for how long --adapt tries at most: 30s, 5m, 1h" };
        var allSteps = new Option<bool>("--all-steps") { Description = "shows every step in the diagram" };
        var outputs = new OutputOptions(hasFolder: true, hasJUnit: true);
        var command = new Command("replay", "runs a saved schedule; exits 0 when it violates the same invariant at the same step") { files, adapt, attempts, time, allSteps };
        outputs.AddTo(command);
        command.SetAction(parsed =>
        {
            long most = parsed.GetValue(attempts) is { } i ? Values.Number(i, "-i", 1, long.MaxValue) : DefaultAttempts;
            TimeSpan? limit = parsed.GetValue(time) is { } t ? Values.Time(t, "--time") : null;
            Outputs opened = outputs.Read(parsed);
            if (parsed.GetValue(adapt))
            {
                opened.Folder.RequireWritable();
            }

            string[] paths = parsed.GetRequiredValue(files);
            if (paths.Length > 1 || Directory.Exists(paths[0]))
            {
                return parsed.GetValue(adapt)
                    ? throw new UsageException("--adapt takes one schedule at a time")
                    : ReplayMany.Run(ReplayMany.FilesOf(paths), opened, surroundings);
            }

            SavedSchedule saved = SavedSchedule.Read(paths[0], surroundings);
            return Run(saved, parsed.GetValue(adapt) ? most : 0, limit, parsed.GetValue(allSteps), opened, surroundings);
        });
        return command;
    }

    private static int Run(SavedSchedule saved, long attempts, TimeSpan? limit, bool allSteps, Outputs outputs, Surroundings surroundings)
    {
        var watch = Stopwatch.StartNew();
        string? problem = saved.Replay(out Recording? recording);
        if (problem is null)
        {
            string foundIn = $"schedule {saved.Schedule.Index + 1}";
            Print(saved, saved.Schedule, saved.Path, 1, watch, outputs, surroundings, ViolationReport.Text(saved.Schedule, recording!, foundIn, saved.Path, allSteps));
            return ExitCode.Held;
        }

        if (attempts == 0)
        {
            saved.ReportFailure(problem, surroundings);
            Print(saved, null, "", 1, watch, outputs, surroundings, problem);
            return ExitCode.Violated;
        }

        return Adapt(saved, attempts, limit, allSteps, watch, outputs, surroundings);
    }

    private static int Adapt(SavedSchedule saved, long attempts, TimeSpan? limit, bool allSteps, Stopwatch watch, Outputs outputs, Surroundings surroundings)
    {
        using var timeUp = CancellationTokenSource.CreateLinkedTokenSource(surroundings.Cancellation);
        if (limit is { } most)
        {
            timeUp.CancelAfter(most);
        }

        string invariant = saved.Schedule.Violation.Invariant;
        var adapter = new Adapter(saved.Run.NewProgram(), saved.Run.UnderModel(saved.Options));
        Finding? finding = adapter.Search(saved.Schedule.Decisions, saved.Schedule.Expected, invariant, attempts, saved.Schedule.DisabledActors, timeUp.Token);
        if (finding is null)
        {
            if (!surroundings.IsInterrupted)
            {
                surroundings.Error.Write($"mmu-stress: {saved.Path}: no violation of {invariant} found near this schedule\n");
            }

            Print(saved, null, "", attempts, watch, outputs, surroundings, $"no violation of {invariant} found near the schedule");
            return surroundings.IsInterrupted ? ExitCode.Interrupted : ExitCode.Violated;
        }

        using CancellationTokenSource late = surroundings.NewDelayedCancellation();
        KeptViolation kept = KeptViolation.Keep(saved.Run, finding, saved.Options, outputs.Folder, late.Token);
        string report = ViolationReport.Text(kept.Schedule, kept.Recording, $"attempt {finding.Index + 1} near {saved.Path}", kept.Path, allSteps);
        Print(saved, kept.Schedule, kept.Path, finding.Index + 1, watch, outputs, surroundings, report);
        return kept.Problem is null ? ExitCode.Held : throw new UsageException(kept.Problem);
    }

    private static void Print(
        SavedSchedule saved, Schedule? schedule, string path, long schedules, Stopwatch watch, Outputs outputs, Surroundings surroundings, string text)
    {
        double seconds = watch.Elapsed.TotalSeconds;
        if (outputs.Json)
        {
            ResultJson.Print(
                ResultJson.Of(
                    "replay",
                    saved.Run,
                    saved.Schedule.Strategy,
                    saved.Schedule.Seed,
                    schedules,
                    schedule?.Steps ?? 0,
                    seconds,
                    isComplete: false,
                    schedule is null ? null : ResultJson.Violation(schedule, path),
                    []),
                surroundings.Out);
        }
        else if (schedule is not null)
        {
            surroundings.Out.Write(text);
        }

        if (outputs.JUnit is not null)
        {
            JUnitReport.Write(outputs.JUnit, "replay", [new JUnitCase(saved.Run.Scenario.Name, saved.Path, seconds, schedule is null ? text : null, schedule is null ? "" : text)]);
        }
    }
}
