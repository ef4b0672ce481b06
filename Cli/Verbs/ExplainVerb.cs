using System.CommandLine;
using System.Diagnostics;
using MmuStress.Explorer;
using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary><c>explain</c>: the race diagram of a saved schedule.</summary>
internal static class ExplainVerb
{
    /// <summary>The verb.</summary>
    /// <param name="surroundings">What it runs in.</param>
    /// <returns>Its command.</returns>
    public static Command Create(Surroundings surroundings)
    {
        var file = new Argument<string>("FILE") { Description = "a saved schedule" };
        var allSteps = new Option<bool>("--all-steps") { Description = "shows every step, not only what the actors log" };
        var outputs = new OutputOptions(hasFolder: false, hasJUnit: false);
        var command = new Command("explain", "the race diagram of a saved schedule") { file, allSteps };
        outputs.AddTo(command);
        command.SetAction(parsed => Run(SavedSchedule.Read(parsed.GetRequiredValue(file), surroundings), parsed.GetValue(allSteps), outputs.Read(parsed), surroundings));
        return command;
    }

    private static int Run(SavedSchedule saved, bool allSteps, Outputs outputs, Surroundings surroundings)
    {
        var watch = Stopwatch.StartNew();
        if (saved.Replay(out Recording? recording) is { } problem)
        {
            saved.ReportFailure(problem, surroundings);
            return ExitCode.Violated;
        }

        Schedule schedule = saved.Schedule;
        if (outputs.Json)
        {
            JsonOf(saved, watch.Elapsed.TotalSeconds, surroundings.Out);
        }
        else
        {
            surroundings.Out.Write(ViolationReport.Text(schedule, recording!, $"schedule {schedule.Index + 1}", saved.Path, allSteps));
        }

        return ExitCode.Held;
    }

    private static void JsonOf(SavedSchedule saved, double seconds, TextWriter output) => ResultJson.Print(
        ResultJson.Of(
            "explain",
            saved.Run,
            saved.Schedule.Strategy,
            saved.Schedule.Seed,
            schedules: 1,
            saved.Schedule.Steps,
            seconds,
            isComplete: false,
            ResultJson.Violation(saved.Schedule, saved.Path),
            []),
        output);
}
