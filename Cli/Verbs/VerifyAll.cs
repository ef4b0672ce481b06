using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading;
using MmuStress.Explorer;
using MmuStress.Scenarios;

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
            var report = new RowReport("execution", rows.Select(r => new RowReport.Line(r.Row, r.Seen, r.IsUnexpected, r.IsUndecided)).ToList());
            surroundings.Out.Write(report.Text(expected.Count, watch.Elapsed.TotalSeconds, outputs.Folder.Path));
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
}
