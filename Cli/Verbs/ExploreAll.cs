using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading;
using MmuStress.Explorer;
using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary><c>explore all</c>: every scenario on every MMU, compared with what is expected.</summary>
/// <param name="options">How each row is explored.</param>
/// <param name="outputs">What is written where.</param>
/// <param name="surroundings">What it runs in.</param>
internal sealed class ExploreAll(ExplorationOptions options, Outputs outputs, Surroundings surroundings)
{
    /// <summary>How many schedules a row that should hold gets when nobody says otherwise.</summary>
    public const long DefaultSchedules = 20_000;

    // An expected violation may need more schedules than it takes to trust a row that holds.
    private const long MoreForViolations = 10;

    private readonly List<ExploreRow> rows = [];
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private Func<ProgressSnapshot> progress = () => new ProgressSnapshot("explore all", "schedules", 0, null, 0, null, 0);

    /// <summary>The rows to explore.</summary>
    /// <param name="parsed">What was typed.</param>
    /// <param name="scenario">The options that say how large scenarios are.</param>
    /// <param name="surroundings">What it runs in.</param>
    /// <returns>Every scenario on every MMU of which something is expected.</returns>
    /// <exception cref="UsageException">A name or a number is wrong.</exception>
    public static IReadOnlyList<ExpectedRun> Rows(ParseResult parsed, ScenarioOptions scenario, Surroundings surroundings)
    {
        string? mmu = scenario.ReadMmu(parsed, surroundings);
        return surroundings.Scenarios
            .SelectMany(s => s.Expectations.Select(e => (Scenario: s, Expectation: e)))
            .Where(r => mmu is null || string.Equals(r.Expectation.Mmu, mmu, StringComparison.Ordinal))
            .Select(r => new ExpectedRun(scenario.Read(parsed, r.Scenario, r.Expectation.Mmu), r.Expectation))
            .ToList();
    }

    /// <summary>Explores the rows and prints them.</summary>
    /// <param name="expected">The rows.</param>
    /// <returns>The exit code.</returns>
    public int Run(IReadOnlyList<ExpectedRun> expected)
    {
        foreach (ExpectedRun row in expected)
        {
            ScenarioOptions.RequireExplorable(row.Run);
        }

        ProgressMeter.Show(surroundings, outputs.ShowsProgress, () => progress(), () => Explore(expected));
        int unexpected = rows.Count(r => r.IsUnexpected);
        if (outputs.Json)
        {
            ResultJson.Print(new JsonObject { ["rows"] = new JsonArray(rows.Select(r => (JsonNode?)r.ToJson()).ToArray()), ["unexpected"] = unexpected }, surroundings.Out);
        }
        else
        {
            var report = new RowReport("schedule", rows.Select(r => new RowReport.Line(r, r.Seen, r.IsUnexpected)).ToList());
            surroundings.Out.Write(report.Text(expected.Count, watch.Elapsed.TotalSeconds, outputs.Folder.Path));
        }

        if (outputs.JUnit is not null)
        {
            JUnitReport.Write(outputs.JUnit, "explore all", rows.Select(r => r.ToJUnit()).ToList());
        }

        if (rows.Find(r => r.Violation?.Problem is not null) is { } unsaved)
        {
            throw new UsageException(unsaved.Violation!.Problem!);
        }

        return surroundings.IsInterrupted ? ExitCode.Interrupted : unexpected > 0 ? ExitCode.Violated : ExitCode.Held;
    }

    private bool Explore(IReadOnlyList<ExpectedRun> expected)
    {
        using CancellationTokenSource late = surroundings.NewDelayedCancellation();
        for (int i = 0; i < expected.Count && !surroundings.IsInterrupted; i++)
        {
            (ScenarioRun run, Expectation expectation) = expected[i];
            ExplorationOptions rowOptions = expectation.HoldsUnder(run.Memory) || !expectation.IsDetectableUnder(run.Memory) ? options : options with { Iterations = SaturatingProduct(options.Iterations, MoreForViolations) };
            var rowWatch = Stopwatch.StartNew();
            var exploration = run.NewExploration(rowOptions);
            string mmu = run.Mmu.Length == 0 ? "" : $" on {run.Mmu}";
            string what = string.Create(CultureInfo.InvariantCulture, $"explore all: row {i + 1} of {expected.Count}, {run.Scenario.Name}{mmu}");
            progress = () => new ProgressSnapshot(
                what, "schedules", exploration.Progress.Schedules, rowOptions.Iterations, rowWatch.Elapsed.TotalSeconds, rowOptions.Time, exploration.Progress.Violations);
            ExplorationResult result = exploration.Run(surroundings.Cancellation);
            if (result.WasInterrupted && result.Findings.Count == 0)
            {
                break; // says nothing yet
            }

            double seconds = rowWatch.Elapsed.TotalSeconds;
            List<KeptViolation> kept = result.Findings.Select(f => KeptViolation.Keep(run, f, rowOptions, outputs.Folder, late.Token)).ToList();
            KeptViolation? shown = kept.Find(k => !expectation.Invariants.Contains(k.Schedule.Violation.Invariant, StringComparer.Ordinal)) ?? kept.FirstOrDefault();
            rows.Add(new ExploreRow(run, expectation, result.Schedules, seconds, shown));
        }

        return true;
    }

    private static long SaturatingProduct(long a, long b) => a > long.MaxValue / b ? long.MaxValue : a * b;
}
