using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using MmuStress.Explorer;
using MmuStress.Scenarios;
using Spectre.Console;

namespace MmuStress.Cli;

/// <summary><c>mutate</c>: leaves each synchronising operation out in turn; which ones a scenario proves necessary.</summary>
internal static class MutateVerb
{
    private const string All = "all";

    /// <summary>The verb.</summary>
    /// <param name="surroundings">What it runs in.</param>
    /// <returns>Its command.</returns>
    public static Command Create(Surroundings surroundings)
    {
        var name = new Argument<string>("SCENARIO") { Description = "a scenario, a scenario file (*.scenario.json), or 'all': every one that holds on the MMU (-m), and which operations none of them needs" };
        var scenario = new ScenarioOptions();
        var search = new MutateOptions();
        var outputs = new OutputOptions(hasFolder: true, hasJUnit: false);
        var command = new Command("mutate", "leaves out each barrier, lock, flush and check in turn, and shows which ones a scenario needs") { name };
        scenario.AddTo(command);
        search.AddTo(command);
        outputs.AddTo(command);
        command.SetAction(parsed =>
        {
            string what = parsed.GetRequiredValue(name);
            bool isAll = string.Equals(what, All, StringComparison.Ordinal);
            MutationLimits limits = search.ReadLimits(parsed, isAll);
            int workers = search.ReadWorkers(parsed);
            string text = search.ReadSite(parsed);
            bool host = search.ReadHost(parsed);
            if (isAll)
            {
                IReadOnlyList<ScenarioRun> runs = MutateAll.Runs(parsed, scenario, surroundings);
                Outputs forAll = Open(outputs, parsed);
                return new MutateAll(new MutationWork(limits, workers, forAll.Folder, surroundings), forAll, surroundings).Run(runs, host, text);
            }

            ScenarioRun run = scenario.Read(parsed, what, surroundings).ForVerification;
            ScenarioOptions.RequireExplorable(run);
            Outputs opened = Open(outputs, parsed);
            return Run(run, MutationWork.SitesOf(run, host, text), new MutationWork(limits, workers, opened.Folder, surroundings), opened, surroundings);
        });
        return command;
    }

    private static Outputs Open(OutputOptions options, ParseResult parsed)
    {
        Outputs outputs = options.Read(parsed);
        outputs.Folder.RequireWritable();
        return outputs;
    }

    private static int Run(ScenarioRun run, IReadOnlyList<Mutation> mutations, MutationWork work, Outputs outputs, Surroundings surroundings)
    {
        var watch = Stopwatch.StartNew();
        List<MutatedSite> sites = ProgressMeter.Show(
            surroundings,
            outputs.ShowsProgress,
            () => new ProgressSnapshot($"mutate {run.Scenario.Name}", "operations", work.Done, mutations.Count, watch.Elapsed.TotalSeconds, null, null),
            () => work.Run(mutations.Select(m => (run, m)).ToList(), ScenarioRun.DefaultShrinkBudget)).OfType<MutatedSite>().ToList();
        double seconds = watch.Elapsed.TotalSeconds;
        if (outputs.Json)
        {
            ResultJson.Print(
                new JsonObject
                {
                    ["command"] = "mutate",
                    ["scenario"] = run.Scenario.Name,
                    ["mmu"] = run.Mmu,
                    ["vcpus"] = run.Parameters.Vcpus,
                    ["memory"] = run.Memory,
                    ["seconds"] = ResultJson.Seconds(seconds),
                    ["sites"] = new JsonArray(sites.Select(s => (JsonNode?)s.ToJson()).ToArray()),
                },
                surroundings.Out);
        }
        else
        {
            surroundings.Out.Write(Text(run, sites, mutations.Count, seconds, outputs));
        }

        if (sites.Find(s => s.Violation?.Problem is not null) is { } unsaved)
        {
            throw new UsageException(unsaved.Violation!.Problem!);
        }

        return surroundings.IsInterrupted ? ExitCode.Interrupted : ExitCode.Held;
    }

    private static string Text(ScenarioRun run, List<MutatedSite> sites, int count, double seconds, Outputs outputs)
    {
        var functions = SourceMap.OfCodeUnderTest();
        Table table = new Table().Border(TableBorder.Ascii2).AddColumns("site", "function", "operation", "verdict", "invariant", "schedule");
        foreach (MutatedSite site in sites)
        {
            string[] cells =
            [
                site.Mutation.Site,
                functions.MethodAt(site.Mutation.File, site.Mutation.Line),
                DescribeOf(site.Mutation),
                site.Text,
                site.Invariant,
                site.Violation is null ? "" : Path.GetFileName(site.Violation.Path),
            ];
            table.AddRow(cells.Select(Markup.Escape).ToArray());
        }

        string mmu = run.Mmu.Length == 0 ? "" : $"   mmu {run.Mmu}";
        int necessary = sites.Count(s => s.Outcome.Verdict == MutationVerdict.Necessary);
        int hidden = sites.Count(s => s.Outcome.Verdict == MutationVerdict.NotDetectable);
        int sampled = sites.Count(s => s.Outcome is { Verdict: MutationVerdict.NotNeededInScope, IsComplete: false });
        int notNeeded = sites.Count - necessary - hidden;
        string only = sampled == 0 ? "" : $" ({sampled} of them sampled only)";
        string rest = sites.Count < count ? $"interrupted after {sites.Count} of {Quantity.Count(count, "operation")}" : Quantity.Count(count, "operation");
        return (sites.Count == 0 ? "" : TableText.Of(table))
            + $"\nscenario {run.Scenario.Name}{mmu}   memory {run.Memory}: {rest}, {necessary} necessary, {notNeeded} not needed in this scope{only}, {hidden} not detectable under {run.Memory}"
            + $"   {Quantity.Time(seconds)}; {Quantity.Count(necessary, "schedule")} saved in {outputs.Folder.Path}\n";
    }

    /// <summary>An operation as people read it.</summary>
    /// <param name="mutation">The operation.</param>
    /// <returns>Its text.</returns>
    public static string DescribeOf(Mutation mutation) =>
        mutation.Kind is MutationKind.Ordering or MutationKind.AtomicOrdering ? $"ordering of {mutation.Operation}" : mutation.Operation;
}
