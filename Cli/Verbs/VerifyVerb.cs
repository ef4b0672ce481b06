using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading;
using MmuStress.Explorer;
using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary><c>verify</c>: all interleavings of a scenario, up to equivalence, or how far it came.</summary>
internal static class VerifyVerb
{
    private const string All = "all";

    /// <summary>The verb.</summary>
    /// <param name="surroundings">What it runs in.</param>
    /// <returns>Its command.</returns>
    public static Command Create(Surroundings surroundings)
    {
        var name = new Argument<string>("SCENARIO") { Description = "a scenario, a scenario file (*.scenario.json), or 'all': each one on each MMU, compared with what is expected of it" };
        var scenario = new ScenarioOptions();
        var search = new VerifyOptions();
        var outputs = new OutputOptions(hasFolder: true, hasJUnit: true);
        var command = new Command("verify", "all interleavings up to equivalence, or says how far it came") { name };
        scenario.AddTo(command);
        search.AddTo(command);
        outputs.AddTo(command);
        command.SetAction(parsed =>
        {
            string what = parsed.GetRequiredValue(name);
            if (string.Equals(what, All, StringComparison.Ordinal))
            {
                (VerificationOptions rowOptions, int? rowBound) = search.Read(parsed, TimeSpan.FromSeconds(VerifyAll.DefaultSeconds));
                IReadOnlyList<ExpectedRun> rows = ExploreAll.Rows(parsed, scenario, surroundings);
                RequireSequential(rowBound is not null, rows.Select(r => r.Run));
                return new VerifyAll(rowOptions, rowBound, Open(outputs, parsed), surroundings).Run(rows);
            }

            ScenarioRun run = scenario.Read(parsed, what, surroundings).ForVerification;
            (VerificationOptions options, int? bound) = search.Read(parsed, null);
            RequireSequential(bound is not null || search.CheckpointOf(parsed) is not null || search.ResumedOf(parsed) is not null, [run]);
            ScenarioOptions.RequireExplorable(run);
            string? checkpoint = search.CheckpointOf(parsed);
            if (search.ResumedOf(parsed) is { } resumed)
            {
                options = options with { Resumed = SavedSearch.Read(run, options.UsesSymmetry, resumed) };
            }

            if (bound is not null && (checkpoint is not null || options.Resumed is not null))
            {
                throw new UsageException("a search with --bound cannot be kept or resumed");
            }

            return Run(run, options, bound, checkpoint, Open(outputs, parsed), surroundings);
        });
        return command;
    }

    private static void RequireSequential(bool isNeeded, IEnumerable<ScenarioRun> runs)
    {
        if (isNeeded && runs.FirstOrDefault(r => !string.Equals(r.Memory, MemoryModelList.Default, StringComparison.Ordinal)) is { } run)
        {
            throw new UsageException($"--bound, --checkpoint and --resume go with memory model {MemoryModelList.Default} only, not with {run.Memory}");
        }
    }

    /// <summary>What a search found, as the progress of one is shown.</summary>
    /// <param name="what">The work.</param>
    /// <param name="search">The search.</param>
    /// <param name="options">Its options.</param>
    /// <param name="seconds">For how long it has been running.</param>
    /// <returns>How far it has come.</returns>
    public static ProgressSnapshot Snapshot(string what, IVerification search, VerificationOptions options, double seconds)
    {
        VerificationProgress progress = search.Progress;
        string bound = search is BoundedVerification bounded ? string.Create(CultureInfo.InvariantCulture, $" with {Quantity.Count(bounded.Bound, "preemption")}") : "";
        long? limit = options.Executions == long.MaxValue ? null : options.Executions;
        return new ProgressSnapshot(what + bound, "executions", progress.Executions, limit, seconds, options.Time, null, progress.Fraction);
    }

    /// <summary>Shrinks, records and saves the violating execution of a search.</summary>
    /// <param name="run">The scenario.</param>
    /// <param name="finding">The execution.</param>
    /// <param name="isBounded">Whether the search had a bound on preemptions.</param>
    /// <param name="folder">Where it is saved.</param>
    /// <param name="cancellation">Ends the shrinking early.</param>
    /// <returns>What was kept.</returns>
    public static KeptViolation Keep(ScenarioRun run, Finding finding, bool isBounded, ScheduleFolder folder, CancellationToken cancellation)
    {
        var options = new ExplorationOptions { Strategy = StrategyOf(isBounded) };

        // The search counts preemptions differently where a CPU waits before it retries.
        Recording again = run.Record(finding, options, finding.Steps).Recording;
        return KeptViolation.Keep(run, finding with { Steps = again.Steps, Preemptions = again.Preemptions }, options, folder, cancellation);
    }

    private static string StrategyOf(bool isBounded) => isBounded ? "preemption-bounded" : Verification.Strategy;

    private static Outputs Open(OutputOptions options, ParseResult parsed)
    {
        Outputs outputs = options.Read(parsed);
        outputs.Folder.RequireWritable();
        return outputs;
    }

    private static int Run(ScenarioRun run, VerificationOptions options, int? bound, string? checkpoint, Outputs outputs, Surroundings surroundings)
    {
        var watch = Stopwatch.StartNew();
        IVerification search = run.NewVerification(options, bound);
        string what = $"verify {run.Scenario.Name}";
        VerificationResult result = ProgressMeter.Show(
            surroundings, outputs.ShowsProgress, () => Snapshot(what, search, options, watch.Elapsed.TotalSeconds), () => Search(search, options, surroundings));
        double seconds = watch.Elapsed.TotalSeconds;
        if (checkpoint is not null && result.Left is not null)
        {
            SavedSearch.Write(run, result.Left, checkpoint);
            surroundings.Error.Write($"mmu-stress: kept in {checkpoint}; the same command with --resume {checkpoint} goes on\n");
        }

        using CancellationTokenSource late = surroundings.NewDelayedCancellation();
        KeptViolation? kept = result.Finding is null ? null : Keep(run, result.Finding, bound is not null, outputs.Folder, late.Token);
        if (outputs.Json)
        {
            ResultJson.Print(JsonOf(run, bound, result, seconds, kept), surroundings.Out);
        }
        else
        {
            Print(run, bound, search, result, options.Resumed?.Done.Executions ?? 0, seconds, kept, surroundings);
        }

        if (outputs.JUnit is not null)
        {
            string? failure = kept is not null ? $"{kept.Schedule.Violation.Invariant}: {kept.Schedule.Violation.Message}"
                : result.IsComplete ? null
                : $"not decided after {Quantity.Count(result.Executions, "execution")}";
            JUnitReport.Write(outputs.JUnit, what, [new JUnitCase(run.Scenario.Name, run.Mmu.Length == 0 ? run.Scenario.Name : run.Mmu, seconds, failure, kept?.Report("") ?? "")]);
        }

        if (kept?.Problem is not null)
        {
            throw new UsageException(kept.Problem);
        }

        return kept is not null ? ExitCode.Violated
            : result.IsComplete ? ExitCode.Held
            : surroundings.IsInterrupted ? ExitCode.Interrupted
            : ExitCode.Undecided;
    }

    private static VerificationResult Search(IVerification search, VerificationOptions options, Surroundings surroundings)
    {
        try
        {
            return search.Run(surroundings.Cancellation);
        }
        catch (ScheduleMismatchException e) when (options.Resumed is not null)
        {
            throw new UsageException($"the search that is resumed does not fit the code any more: {e.Message}");
        }
    }

    private static JsonObject JsonOf(ScenarioRun run, int? bound, VerificationResult result, double seconds, KeptViolation? kept)
    {
        JsonObject json = ResultJson.Of(
            "verify",
            run,
            StrategyOf(bound is not null),
            0,
            result.Executions,
            result.Steps,
            seconds,
            result.IsComplete,
            kept is null ? null : ResultJson.Violation(kept.Schedule, kept.Path),
            MemoryModelList.NotDetectable(run));
        json["blocked"] = result.Blocked;
        json["bound"] = bound;
        return json;
    }

    private static void Print(
        ScenarioRun run, int? bound, IVerification search, VerificationResult result, long earlier, double seconds, KeptViolation? kept, Surroundings surroundings)
    {
        surroundings.Out.Write(kept is null ? Line(run, bound, search, result, result.Executions - earlier, seconds, surroundings.IsInterrupted) : kept.Report($"execution {kept.Schedule.Index + 1}"));
        surroundings.Out.Write(MemoryModelList.NotDetectableLine(run));
    }

    private static string Line(ScenarioRun run, int? bound, IVerification search, VerificationResult result, long now, double seconds, bool isInterrupted)
    {
        string executions = Quantity.Count(result.Executions, bound is null ? "execution" : "schedule");
        string within = bound is { } most ? $" with at most {Quantity.Count(most, "preemption")}" : "";
        string verdict = result.IsComplete ? bound is null ? $"verified: {executions}, all there are up to equivalence" : $"held: {executions}{within}, all there are within that bound"
            : $"{(isInterrupted ? "interrupted" : "not decided")}: {executions}{HowFar(search)}";
        string blocked = result.Blocked == 0 ? "" : $", {result.Blocked} cut short";
        string mmu = run.Mmu.Length == 0 ? "" : $"   mmu {run.Mmu}";
        return $"{verdict}{blocked}, {Quantity.Of(result.Steps)} steps, no violation   scenario {run.Scenario.Name}{mmu}   memory {run.Memory}"
            + $"   {Quantity.Time(seconds)}, {Quantity.Rate(now, seconds, bound is null ? "executions" : "schedules")}\n";
    }

    private static string HowFar(IVerification search) => search is BoundedVerification bounded
        ? bounded.Bound == 0 ? " without preemptions, not all of them" : $", all with fewer than {Quantity.Count(bounded.Bound, "preemption")} and some with as many"
        : string.Create(CultureInfo.InvariantCulture, $", about {search.Progress.Fraction * 100:0.###} % of the search");
}
