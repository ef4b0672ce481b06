using System.CommandLine;
using System.Text.Json.Nodes;
using MmuStress.Mmu;

namespace MmuStress.Cli;

/// <summary><c>stats</c>: prints statistics in KVM's binary format, which a soak has written.</summary>
internal static class StatsVerb
{
    /// <summary>The verb.</summary>
    /// <param name="surroundings">What it runs in.</param>
    /// <returns>Its command.</returns>
    public static Command Create(Surroundings surroundings)
    {
        var paths = new Argument<string[]>("FILE") { Description = "statistics of a VM or a vCPU, as soak --stats writes them", Arity = ArgumentArity.OneOrMore };
        var json = new Option<bool>("--json") { Description = "one JSON object on stdout and nothing else there" };
        var command = new Command("stats", "prints statistics in KVM's binary format (KVM_GET_STATS_FD)") { paths, json };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(paths), parsed.GetValue(json), surroundings));
        return command;
    }

    private static int Run(string[] paths, bool asJson, Surroundings surroundings)
    {
        List<(string Path, StatFile File)> files = paths.Select(path => (path, StatisticsReader.Read(path))).ToList();
        if (asJson)
        {
            ResultJson.Print(new JsonObject { ["command"] = "stats", ["files"] = new JsonArray(files.Select(f => (JsonNode?)Json(f.Path, f.File)).ToArray()) }, surroundings.Out);
        }
        else
        {
            surroundings.Out.Write(string.Join('\n', files.Select(f => StatisticsText.Of(f.File))));
        }

        return ExitCode.Held;
    }

    private static JsonObject Json(string path, StatFile file) => new()
    {
        ["file"] = path,
        ["id"] = file.Id,
        ["statistics"] = new JsonArray(file.Statistics.Select(s => (JsonNode?)Json(s)).ToArray()),
    };

    private static JsonObject Json(StatValue statistic)
    {
        StatDescriptor descriptor = statistic.Descriptor;
        var json = new JsonObject
        {
            ["name"] = descriptor.Name,
            ["type"] = StatisticsText.TypeOf(descriptor),
            ["unit"] = StatisticsText.UnitName(descriptor),
            ["base"] = StatisticsText.BaseOf(descriptor),
            ["exponent"] = descriptor.Exponent,
        };
        if (!descriptor.IsHistogram)
        {
            json["value"] = statistic.Values[0];
            return json;
        }

        if (descriptor.Type == StatType.LinearHist)
        {
            json["bucketSize"] = descriptor.BucketSize;
        }

        json["values"] = new JsonArray(statistic.Values.Select(v => (JsonNode?)JsonValue.Create(v)).ToArray());
        return json;
    }
}
