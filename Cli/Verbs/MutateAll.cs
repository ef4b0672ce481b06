using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using MmuStress.Explorer;
using MmuStress.Scenarios;
using Spectre.Console;

namespace MmuStress.Cli;

/// <summary><c>mutate all</c>: each operation left out of each scenario that performs it, and the operations that no scenario needs.</summary>
/// <param name="work">The work.</param>
/// <param name="outputs">What is written where.</param>
/// <param name="surroundings">What it runs in.</param>
internal sealed class MutateAll(MutationWork work, Outputs outputs, Surroundings surroundings)
{
    private const long ShrinkBudget = 1_000;
    private const int Width = 320;
    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    private readonly Stopwatch watch = Stopwatch.StartNew();

    /// <summary>The scenarios in which nothing that the memory model can show is expected to be violated on one MMU.</summary>
    /// <param name="parsed">What was typed.</param>
    /// <param name="scenario">The options that say how large scenarios are.</param>
    /// <param name="surroundings">What it runs in.</param>
    /// <returns>The scenarios.</returns>
    /// <exception cref="UsageException">A name or a number is wrong.</exception>
    public static IReadOnlyList<ScenarioRun> Runs(ParseResult parsed, ScenarioOptions scenario, Surroundings surroundings)
    {
        string mmu = scenario.ReadMmu(parsed, surroundings) ?? MmuList.Default;
        List<ScenarioRun> runs = surroundings.Scenarios
            .Where(s => s.HasMmu && s.Expectations.Any(e => string.Equals(e.Mmu, mmu, StringComparison.Ordinal)))
            .Select(s => scenario.Read(parsed, s, mmu).ForVerification)
            .Where(r => r.Expectation!.HoldsUnder(r.Memory) || !r.Expectation.IsDetectableUnder(r.Memory))
            .ToList();
        runs.ForEach(ScenarioOptions.RequireExplorable);
        return runs;
    }

    /// <summary>Leaves each operation out of each scenario and prints the matrix.</summary>
    /// <param name="runs">The scenarios.</param>
    /// <param name="withHost">Whether operations of the host count.</param>
    /// <param name="text">What the site or the name of an operation must contain.</param>
    /// <returns>The exit code.</returns>
    public int Run(IReadOnlyList<ScenarioRun> runs, bool withHost, string text)
    {
        int count = 0;
        List<MutatedSite> results = ProgressMeter.Show(
            surroundings,
            outputs.ShowsProgress,
            () => new ProgressSnapshot("mutate all", "trials", work.Done, count == 0 ? null : count, watch.Elapsed.TotalSeconds, null, null),
            () =>
            {
                List<(ScenarioRun, Mutation)> trials = runs
                    .TakeWhile(_ => !surroundings.IsInterrupted)
                    .SelectMany(run => MutationWork.SitesOf(run, withHost, text).Select(m => (run, m)))
                    .ToList();
                count = trials.Count;
                return work.Run(trials, ShrinkBudget);
            }).OfType<MutatedSite>().ToList();
        List<Site> sites = results
            .GroupBy(r => (r.Mutation.File, r.Mutation.Line, r.Mutation.Kind))
            .OrderBy(g => g.Key.File, StringComparer.Ordinal).ThenBy(g => g.Key.Line).ThenBy(g => g.Key.Kind)
            .Select(g => new Site(g.First().Mutation, g.ToList()))
            .ToList();
        if (outputs.Json)
        {
            ResultJson.Print(JsonOf(runs, sites), surroundings.Out);
        }
        else
        {
            surroundings.Out.Write(TextOf(runs, sites, results.Count, count));
        }

        if (results.Find(s => s.Violation?.Problem is not null) is { } unsaved)
        {
            throw new UsageException(unsaved.Violation!.Problem!);
        }

        return surroundings.IsInterrupted ? ExitCode.Interrupted : ExitCode.Held;
    }

    private JsonObject JsonOf(IReadOnlyList<ScenarioRun> runs, List<Site> sites) => new()
    {
        ["command"] = "mutate",
        ["scenario"] = "all",
        ["mmu"] = runs.Count == 0 ? "" : runs[0].Mmu,
        ["memory"] = runs.Count == 0 ? MemoryModelList.Default : runs[0].Memory,
        ["seconds"] = ResultJson.Seconds(watch.Elapsed.TotalSeconds),
        ["sites"] = new JsonArray(sites.Select(s => (JsonNode?)s.ToJson()).ToArray()),
    };

    private string TextOf(IReadOnlyList<ScenarioRun> runs, List<Site> sites, int done, int count)
    {
        string columns = string.Concat(runs.Select((_, i) => Letters[i % Letters.Length]));
        var functions = SourceMap.OfCodeUnderTest();
        Table table = new Table().Border(TableBorder.Ascii2).AddColumns("site", "function", "operation", "verdict", "invariant", "shortest schedule", columns);
        foreach (Site site in sites.Where(s => s.Verdict != MutationVerdict.NotDetectable))
        {
            string[] cells =
            [
                site.Mutation.Site,
                functions.MethodAt(site.Mutation.File, site.Mutation.Line),
                MutateVerb.DescribeOf(site.Mutation),
                site.Text,
                site.Shortest?.Invariant ?? "",
                site.Shortest is null ? "" : Path.GetFileName(site.Shortest.Violation!.Path),
                string.Concat(runs.Select(site.CellOf)).TrimEnd(),
            ];
            table.AddRow(cells.Select(Markup.Escape).ToArray());
        }

        string text = sites.Count == 0 ? "" : TableText.Of(table, Width);
        text += "\nN necessary, . not needed, ~ not needed in what was sampled, blank not performed:\n"
            + string.Concat(runs.Select((run, i) => $"  {columns[i]} {run.Scenario.Name}\n"));
        List<Site> hidden = sites.Where(s => s.Verdict == MutationVerdict.NotDetectable).ToList();
        if (hidden.Count > 0)
        {
            text += $"\nnot detectable under {hidden[0].Scenarios[0].Outcome.Run.Memory}:\n" + string.Concat(hidden.Select(s => $"  {s.Mutation.Site} {MutateVerb.DescribeOf(s.Mutation)}\n"));
        }

        List<Site> unneeded = sites.Where(s => s.Verdict == MutationVerdict.NotNeededInScope).ToList();
        if (unneeded.Count > 0)
        {
            text += "\nno scenario needs:\n" + string.Concat(unneeded.Select(s => $"  {s.Mutation.Site} {functions.MethodAt(s.Mutation.File, s.Mutation.Line)} {MutateVerb.DescribeOf(s.Mutation)}\n"));
        }

        int necessary = sites.Count - hidden.Count - unneeded.Count;
        string rest = done < count ? $"interrupted after {done} of {Quantity.Count(count, "trial")}" : Quantity.Count(count, "trial");
        return text + $"\n{Quantity.Count(runs.Count, "scenario")}, {Quantity.Count(sites.Count, "operation")}, {rest}: {necessary} necessary, {unneeded.Count} that no scenario needs, {hidden.Count} not detectable"
            + $"   {Quantity.Time(watch.Elapsed.TotalSeconds)}; schedules saved in {outputs.Folder.Path}\n";
    }

    // One operation, and what leaving it out of each scenario has shown.
    private sealed record Site(Mutation Mutation, List<MutatedSite> Scenarios)
    {
        public List<MutatedSite> Necessary { get; } = Scenarios.Where(s => s.Outcome.Verdict == MutationVerdict.Necessary).ToList();

        public MutationVerdict Verdict => Scenarios.Max(s => s.Outcome.Verdict);

        public bool IsComplete => Scenarios.All(s => s.Outcome.IsComplete);

        public MutatedSite? Shortest => Necessary.MinBy(n => (n.Violation!.Preemptions, n.Violation.Steps));

        public char CellOf(ScenarioRun run) => Scenarios.Find(s => ReferenceEquals(s.Outcome.Run.Scenario, run.Scenario)) switch
        {
            null => ' ',
            { Outcome.Verdict: MutationVerdict.Necessary } => 'N',
            { Outcome.IsComplete: true } => '.',
            _ => '~',
        };

        public string Text => Verdict == MutationVerdict.Necessary ? "necessary" : IsComplete ? "not needed" : "not needed (sampled)";

        public JsonObject ToJson() => new()
        {
            ["site"] = Mutation.Site,
            ["operation"] = Mutation.Operation,
            ["kind"] = Mutation.Kind.ToString(),
            ["verdict"] = MutatedSite.NameOf(Verdict),
            ["complete"] = Verdict == MutationVerdict.Necessary || IsComplete,
            ["invariant"] = Shortest?.Invariant,
            ["schedule"] = string.IsNullOrEmpty(Shortest?.Violation?.Path) ? null : Shortest.Violation.Path,
            ["scenarios"] = new JsonArray(Scenarios.Select(s => (JsonNode?)Row(s)).ToArray()),
        };

        private static JsonObject Row(MutatedSite site) => new()
        {
            ["scenario"] = site.Outcome.Run.Scenario.Name,
            ["verdict"] = site.Verdict,
            ["complete"] = site.Outcome.IsComplete,
            ["invariant"] = site.Violation?.Invariant,
            ["schedule"] = string.IsNullOrEmpty(site.Violation?.Path) ? null : site.Violation.Path,
        };
    }
}
