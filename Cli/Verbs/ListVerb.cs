using System.CommandLine;
using System.Text.Json.Nodes;
using MmuStress.Explorer;
using MmuStress.Mmu;
using Spectre.Console;

namespace MmuStress.Cli;

/// <summary><c>list</c>: scenarios, MMUs, strategies, memory models, invariants, statistics.</summary>
internal static class ListVerb
{
    /// <summary>The verb.</summary>
    /// <param name="surroundings">What it runs in.</param>
    /// <returns>Its command.</returns>
    public static Command Create(Surroundings surroundings)
    {
        var json = new Option<bool>("--json") { Description = "one JSON object on stdout and nothing else there" };
        var command = new Command("list", "scenarios, MMUs, strategies, memory models, invariants, statistics") { json };
        command.SetAction(parsed => Run(parsed.GetValue(json), surroundings));
        return command;
    }

    private static int Run(bool asJson, Surroundings surroundings)
    {
        (string Key, string Title, IReadOnlyList<NamedSummary> Items)[] lists =
        [
            ("scenarios", "Scenarios", surroundings.Scenarios.Select(s => new NamedSummary(s.Name, s.Summary)).ToList()),
            ("mmus", "MMUs (-m)", MmuList.Of(surroundings.Scenarios)),
            ("strategies", "Strategies (--strategy)", StrategyCatalog.All.Select(s => new NamedSummary(s.Name, s.Summary)).ToList()),
            ("memoryModels", "Memory models (--memory)", MemoryModelList.All),
            ("invariants", "Invariants", InvariantList.Of(surroundings.Scenarios)),
        ];
        if (asJson)
        {
            ResultJson.Print(new JsonObject(lists.Select(l => KeyValuePair.Create(l.Key, (JsonNode?)Json(l.Items)))), surroundings.Out);
            return ExitCode.Held;
        }

        IEnumerable<string> sections = lists
            .Append(("", "Statistics of a VM (soak --stats)", Named(VmStat.All)))
            .Append(("", "Statistics of a vCPU (soak --stats)", Named(VcpuStat.All)))
            .Where(l => l.Items.Count > 0)
            .Select(l => $"{l.Title}\n{Text(l.Items)}");
        surroundings.Out.Write(string.Join('\n', sections));
        return ExitCode.Held;
    }

    private static List<NamedSummary> Named(IReadOnlyList<StatDescriptor> statistics) => statistics.Select(s => new NamedSummary(s.Name, s.Summary)).ToList();

    private static JsonArray Json(IReadOnlyList<NamedSummary> items) =>
        new(items.Select(i => (JsonNode?)new JsonObject { ["name"] = i.Name, ["summary"] = i.Summary }).ToArray());

    private static string Text(IReadOnlyList<NamedSummary> items)
    {
        var grid = new Grid();
        grid.AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(2, 0, 2, 0) });
        grid.AddColumn(new GridColumn { NoWrap = true });
        foreach (NamedSummary item in items)
        {
            grid.AddRow(Markup.Escape(item.Name), Markup.Escape(item.Summary));
        }

        return TableText.Of(grid);
    }
}
