using System.CommandLine;
using System.Diagnostics;
using System.Threading;
using MmuStress.Explorer;
using MmuStress.Hosts;
using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary><c>explore</c>: samples interleavings of a scenario, or of all of them.</summary>
internal static class ExploreVerb
{
    private const string All = "all";
    private const long DefaultSchedules = 100_000;

    /// <summary>The verb.</summary>
    /// <param name="surroundings">What it runs in.</param>
    /// <returns>Its command.</returns>
    public static Command Create(Surroundings surroundings)
    {
        var name = new Argument<string>("SCENARIO") { Description = "a scenario, a scenario file (*.scenario.json), or 'all': each one on each MMU, compared with what is expected of it" };
        var scenario = new ScenarioOptions();
        var search = new SearchOptions($"schedules (default: {DefaultSchedules}, no limit with --time; with 'all' {ExploreAll.DefaultSchedules} for a row that should hold, ten times that to find an expected violation)");
        var host = new HostOption(ExploringHost.OwnName, h => h.Exploring is not null);
        var outputs = new OutputOptions(hasFolder: true, hasJUnit: true);
        var command = new Command("explore", "samples interleavings; stops at the first violation unless --keep-going") { name };
        scenario.AddTo(command);
        search.AddTo(command);
        host.AddTo(command);
        outputs.AddTo(command);
        command.SetAction(parsed =>
        {
            string what = parsed.GetRequiredValue(name);
            IExploringHost exploring = host.Read(parsed, surroundings).Exploring!;
            if (string.Equals(what, All, StringComparison.Ordinal))
            {
                ExplorationOptions rowOptions = search.Read(parsed, ExploreAll.DefaultSchedules, ExploreAll.DefaultSchedules);
                IReadOnlyList<ExpectedRun> rows = ExploreAll.Rows(parsed, scenario, surroundings).Select(r => r with { Run = r.Run with { Host = exploring } }).ToList();
                return new ExploreAll(rowOptions, OpenOutputs(outputs, parsed), surroundings).Run(rows);
            }

            ScenarioRun run = scenario.Read(parsed, what, surroundings) with { Host = exploring };
            ExplorationOptions options = search.Read(parsed, DefaultSchedules, long.MaxValue);
            ScenarioOptions.RequireExplorable(run);
            return Run(run, options, OpenOutputs(outputs, parsed), surroundings);
        });
        return command;
    }

    private static Outputs OpenOutputs(OutputOptions options, ParseResult parsed)
    {
        Outputs outputs = options.Read(parsed);
        outputs.Folder.RequireWritable();
        return outputs;
    }

    private static int Run(ScenarioRun run, ExplorationOptions options, Outputs outputs, Surroundings surroundings)
    {
        var watch = Stopwatch.StartNew();
        var exploration = run.NewExploration(options);
        ExplorationResult result = ProgressMeter.Show(surroundings, outputs.ShowsProgress, Snapshot, () => exploration.Run(surroundings.Cancellation));
        double seconds = watch.Elapsed.TotalSeconds;
        using CancellationTokenSource late = surroundings.NewDelayedCancellation();
        List<KeptViolation> kept = result.Findings.Select(f => KeptViolation.Keep(run, f, options, outputs.Folder, late.Token)).ToList();
        Print(run, options, result, seconds, kept, outputs, surroundings);
        if (outputs.JUnit is not null)
        {
            string failure = string.Join("; ", kept.Select(k => $"{k.Schedule.Violation.Invariant}: {k.Schedule.Violation.Message}"));
            string text = string.Join('\n', kept.Select(k => k.Report("")));
            JUnitReport.Write(outputs.JUnit, $"explore {run.Scenario.Name}", [new JUnitCase(run.Scenario.Name, NameOf(run), seconds, kept.Count == 0 ? null : failure, text)]);
        }

        if (kept.Find(k => k.Problem is not null) is { } unsaved)
        {
            throw new UsageException(unsaved.Problem!);
        }

        return surroundings.IsInterrupted ? ExitCode.Interrupted : kept.Count > 0 ? ExitCode.Violated : ExitCode.Held;

        ProgressSnapshot Snapshot()
        {
            ExplorationProgress progress = exploration.Progress;
            return new ProgressSnapshot($"explore {run.Scenario.Name}", "schedules", progress.Schedules, LimitOf(options), watch.Elapsed.TotalSeconds, options.Time, progress.Violations);
        }
    }

    private static void Print(
        ScenarioRun run,
        ExplorationOptions options,
        ExplorationResult result,
        double seconds,
        List<KeptViolation> kept,
        Outputs outputs,
        Surroundings surroundings)
    {
        IReadOnlyList<string> notDetectable = MemoryModelList.NotDetectable(run);
        if (outputs.Json)
        {
            ResultJson.Print(
                ResultJson.Of(
                    "explore",
                    run,
                    options.Strategy,
                    options.Seed,
                    result.Schedules,
                    result.Steps,
                    seconds,
                    result.IsComplete && !result.IsBounded,
                    kept.Count == 0 ? null : ResultJson.Violation(kept[0].Schedule, kept[0].Path),
                    notDetectable),
                surroundings.Out);
            foreach (KeptViolation further in kept.Skip(1))
            {
                surroundings.Error.Write($"also violated: {further.Schedule.Violation.Invariant}, saved as {further.Path}\n");
            }

            return;
        }

        string of = LimitOf(options) is { } limit ? $" of {limit}" : "";
        surroundings.Out.Write(string.Join('\n', kept.Select(k => k.Report($"schedule {k.Schedule.Index + 1}{of}"))));
        if (kept.Count == 0)
        {
            surroundings.Out.Write(HeldLine(run, options, result, seconds, surroundings.IsInterrupted));
        }

        surroundings.Out.Write(MemoryModelList.NotDetectableLine(run));
    }

    private static string HeldLine(ScenarioRun run, ExplorationOptions options, ExplorationResult result, double seconds, bool isInterrupted)
    {
        string verdict = isInterrupted ? "interrupted" : "held";
        string complete = !result.IsComplete ? "" : result.IsBounded ? ", all within the strategy's bound" : ", all there are";
        string mmu = run.Mmu.Length == 0 ? "" : $"   mmu {run.Mmu}";
        return $"{verdict}: {Quantity.Count(result.Schedules, "schedule")}{complete}, {Quantity.Of(result.Steps)} steps, no violation"
            + $"   scenario {run.Scenario.Name}{mmu}   memory {run.Memory}   seed {options.Seed}"
            + $"   {Quantity.Time(seconds)}, {Quantity.Rate(result.Schedules, seconds, "schedules")}\n";
    }

    private static string NameOf(ScenarioRun run) => run.Mmu.Length == 0 ? run.Scenario.Name : run.Mmu;

    private static long? LimitOf(ExplorationOptions options) => options.Iterations == long.MaxValue ? null : options.Iterations;
}
