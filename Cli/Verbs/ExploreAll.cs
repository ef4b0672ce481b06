using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading;
using MmuStress.Explorer;
using MmuStress.Scenarios;
using Spectre.Console;

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
            surroundings.Out.Write(Text(expected.Count, unexpected));
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

    private string Text(int expectedRows, int unexpected)
    {
        Table table = new Table().Border(TableBorder.Ascii2).AddColumns("scenario", "mmu", "expected", "seen", "invariant", "schedules", "time", "defect");
        table.Columns[5].RightAligned();
        table.Columns[6].RightAligned();
        foreach (ExploreRow row in rows)
        {
            string[] cells =
            [
                row.Run.Scenario.Name,
                row.Run.Mmu.Length == 0 ? "-" : row.Run.Mmu,
                row.Expected,
                row.IsUnexpected ? $"{row.Seen}  <- unexpected" : row.Seen,
                row.Invariant,
                row.Schedules.ToString(CultureInfo.InvariantCulture),
                Quantity.Time(row.Seconds),
                row.Expectation.Because,
            ];
            table.AddRow(cells.Select(Markup.Escape).ToArray());
        }

        string text = rows.Count == 0 ? "" : TableText.Of(table);
        foreach (ExploreRow row in rows.Where(r => r.IsUnexpected))
        {
            string mmu = row.Run.Mmu.Length == 0 ? "" : $" on {row.Run.Mmu}";
            text += $"\nunexpected: {row.Run.Scenario.Name}{mmu}: {row.Problem}\n";
            text += row.Violation is null ? "" : "\n" + row.Violation.Report($"schedule {row.Schedules}");
        }

        int saved = rows.Count(r => r.Violation is { Path.Length: > 0 });
        string rest = rows.Count < expectedRows ? string.Create(CultureInfo.InvariantCulture, $"interrupted after {rows.Count} of {Quantity.Count(expectedRows, "row")}") : Quantity.Count(rows.Count, "row");
        string verdict = unexpected == 0 ? "all as expected" : string.Create(CultureInfo.InvariantCulture, $"{unexpected} unexpected");
        return $"{text}\n{rest}, {verdict}, {Quantity.Time(watch.Elapsed.TotalSeconds)}; {Quantity.Count(saved, "schedule")} saved in {outputs.Folder.Path}\n";
    }

    private static long SaturatingProduct(long a, long b) => a > long.MaxValue / b ? long.MaxValue : a * b;
}
