using System.Globalization;
using System.Text;
using MmuStress.Explorer;

namespace MmuStress.Scenarios.Tests;

/// <summary>The table of docs/history.md: what was mended, and how hard it is to find.</summary>
internal static class HistoryTable
{
    private const long ToFind = 20_000;
    private const string NotFound = "-";

    /// <summary>The table as it is now.</summary>
    /// <returns>Markdown.</returns>
    public static string Make()
    {
        List<string> strategies = StrategyCatalog.All.Select(s => s.Name).ToList();
        var table = new StringBuilder();
        table.Append(CultureInfo.InvariantCulture, $"| no. | commit | what goes wrong | scenario | invariant | preemptions | {string.Join(" | ", strategies)} | verify |\n");
        table.Append(CultureInfo.InvariantCulture, $"|---|---|---|---|---|---|{string.Concat(strategies.Select(_ => "---|"))}---|\n");
        foreach (HistoricalRace race in KernelHistory.All)
        {
            table.Append(Row(race, strategies));
        }

        return table.ToString();
    }

    private static string Row(HistoricalRace race, IEnumerable<string> strategies)
    {
        ScenarioRun before = race.RunBefore();
        var options = new ExplorationOptions { Iterations = ToFind };
        Finding found = before.Explore(options).Findings.Single();
        Finding shortest = before.Shrink(found, options);
        string scenario = race.MmuBefore.Length == 0 ? race.Before.Name : $"{race.Before.Name} `-m {race.MmuBefore}`";
        string memory = before.Memory == MemoryModels.Default ? "" : $" `--memory {before.Memory}`";
        IEnumerable<string> counts = strategies.Select(strategy => Count(before, strategy));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {race.Id} | {race.Commit} | {race.Mechanism} | {scenario}{memory} | {shortest.Violation.Invariant} | {shortest.Preemptions} | {string.Join(" | ", counts)} | {CountOfVerify(before)} |\n");
    }

    private static string Count(ScenarioRun run, string strategy)
    {
        ExplorationResult result = run.Explore(new ExplorationOptions { Iterations = ToFind, Strategy = strategy });
        return result.Findings.Count == 0 ? NotFound : (result.Findings[0].Index + 1).ToString(CultureInfo.InvariantCulture);
    }

    private static string CountOfVerify(ScenarioRun run)
    {
        VerificationResult result = run.ForVerification.Verify(new VerificationOptions { Executions = ToFind });
        return result.Finding is null ? NotFound : result.Executions.ToString(CultureInfo.InvariantCulture);
    }
}
