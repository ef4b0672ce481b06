using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading;
using MmuStress.Explorer;
using MmuStress.Scenarios;
using Spectre.Console;

namespace MmuStress.Cli;

/// <summary><c>verify all</c>: every scenario on every MMU, searched exhaustively and compared with what is expected.</summary>
/// <param name="options">How each row is searched.</param>
/// <param name="bound">How many preemptions at most; null for any number.</param>
/// <param name="outputs">What is written where.</param>
/// <param name="surroundings">What it runs in.</param>
internal sealed class VerifyAll(VerificationOptions options, int? bound, Outputs outputs, Surroundings surroundings)
{
    /// <summary>For how many seconds a row is searched when nobody says otherwise.</summary>
    public const int DefaultSeconds = 20;

    private readonly List<VerifyRow> rows = [];
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private Func<ProgressSnapshot> progress = () => new ProgressSnapshot("verify all", "executions", 0, null, 0, null, null);

    /// <summary>Searches the rows and prints them.</summary>
    /// <param name="expected">The rows.</param>
    /// <returns>The exit code.</returns>
    public int Run(IReadOnlyList<ExpectedRun> expected)
    {
        foreach (ExpectedRun row in expected)
        {
            ScenarioOptions.RequireExplorable(row.Run);
        }

        ProgressMeter.Show(surroundings, outputs.ShowsProgress, () => progress(), () => Verify(expected));
        int unexpected = rows.Count(r => r.IsUnexpected);
        if (outputs.Json)
        {
            ResultJson.Print(
                new JsonObject
                {
                    ["rows"] = new JsonArray(rows.Select(r => (JsonNode?)r.ToJson()).ToArray()),
                    ["unexpected"] = unexpected,
                    ["undecided"] = rows.Count(r => r.IsUndecided),
                },
                surroundings.Out);
        }
        else
        {
            surroundings.Out.Write(Text(expected.Count, unexpected));
        }

        if (outputs.JUnit is not null)
        {
            JUnitReport.Write(outputs.JUnit, "verify all", rows.Select(r => r.ToJUnit()).ToList());
        }

        if (rows.Find(r => r.Row.Violation?.Problem is not null) is { } unsaved)
        {
            throw new UsageException(unsaved.Row.Violation!.Problem!);
        }

        return surroundings.IsInterrupted ? ExitCode.Interrupted : unexpected > 0 ? ExitCode.Violated : ExitCode.Held;
    }

    private bool Verify(IReadOnlyList<ExpectedRun> expected)
    {
        using CancellationTokenSource late = surroundings.NewDelayedCancellation();
        for (int i = 0; i < expected.Count && !surroundings.IsInterrupted; i++)
        {
            Expectation expectation = expected[i].Expectation;
            ScenarioRun run = expected[i].Run.ForVerification;
            var rowWatch = Stopwatch.StartNew();
            IVerification search = run.NewVerification(options, bound);
            string mmu = run.Mmu.Length == 0 ? "" : $" on {run.Mmu}";
            string what = string.Create(CultureInfo.InvariantCulture, $"verify all: row {i + 1} of {expected.Count}, {run.Scenario.Name}{mmu}");
            progress = () => VerifyVerb.Snapshot(what, search, options, rowWatch.Elapsed.TotalSeconds);
            VerificationResult result = search.Run(surroundings.Cancellation);
            if (surroundings.IsInterrupted && !result.IsComplete && result.Finding is null)
            {
                break; // says nothing yet
            }

            double seconds = rowWatch.Elapsed.TotalSeconds;
            KeptViolation? kept = result.Finding is null ? null : VerifyVerb.Keep(run, result.Finding, bound is not null, outputs.Folder, late.Token);
            rows.Add(new VerifyRow(new ExploreRow(run, expectation, result.Executions, seconds, kept), result.Blocked, result.IsComplete));
        }

        return true;
    }

    private string Text(int expectedRows, int unexpected)
    {
        Table table = new Table().Border(TableBorder.Ascii2).AddColumns("scenario", "mmu", "expected", "seen", "invariant", "executions", "time", "defect");
        table.Columns[5].RightAligned();
        table.Columns[6].RightAligned();
        foreach (VerifyRow row in rows)
        {
            ExploreRow shown = row.Row;
            string[] cells =
            [
                shown.Run.Scenario.Name,
                shown.Run.Mmu.Length == 0 ? "-" : shown.Run.Mmu,
                shown.Expected,
                row.IsUnexpected ? $"{row.Seen}  <- unexpected" : row.Seen,
                shown.Invariant,
                shown.Schedules.ToString(CultureInfo.InvariantCulture),
                Quantity.Time(shown.Seconds),
                shown.Expectation.Because,
            ];
            table.AddRow(cells.Select(Markup.Escape).ToArray());
        }

        string text = rows.Count == 0 ? "" : TableText.Of(table);
        foreach (VerifyRow row in rows.Where(r => r.IsUnexpected))
        {
            string mmu = row.Row.Run.Mmu.Length == 0 ? "" : $" on {row.Row.Run.Mmu}";
            text += $"\nunexpected: {row.Row.Run.Scenario.Name}{mmu}: {row.Row.Problem}\n";
            text += row.Row.Violation is null ? "" : "\n" + row.Row.Violation.Report($"execution {row.Row.Schedules}");
        }

        int undecided = rows.Count(r => r.IsUndecided);
        int saved = rows.Count(r => r.Row.Violation is { Path.Length: > 0 });
        string rest = rows.Count < expectedRows ? string.Create(CultureInfo.InvariantCulture, $"interrupted after {rows.Count} of {Quantity.Count(expectedRows, "row")}") : Quantity.Count(rows.Count, "row");
        string verdict = unexpected > 0 ? string.Create(CultureInfo.InvariantCulture, $"{unexpected} unexpected") : undecided == 0 ? "all as expected" : "none unexpected";
        string open = undecided == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {undecided} undecided");
        return $"{text}\n{rest}, {verdict}{open}, {Quantity.Time(watch.Elapsed.TotalSeconds)}; {Quantity.Count(saved, "schedule")} saved in {outputs.Folder.Path}\n";
    }
}
