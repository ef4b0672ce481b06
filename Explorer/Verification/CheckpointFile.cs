using System.Text.Json.Nodes;

namespace MmuStress.Explorer;

/// <summary>Stopped searches as files, with what they were a search of.</summary>
public static class CheckpointFile
{
    /// <summary>The version of the format that is written.</summary>
    public const int Version = 1;

    private const string Kind = "checkpoint";

    /// <summary>Writes a checkpoint.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="about">What is searched, text by name: a search goes on only where all of it is the same.</param>
    /// <param name="path">Where; an existing file is replaced at once.</param>
    /// <exception cref="IOException">It cannot be written; nothing is changed then.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void Write(Checkpoint checkpoint, IReadOnlyDictionary<string, string> about, string path)
    {
        var shared = new List<SharedNode>();
        var tasks = new JsonArray(checkpoint.Tasks.Select(t => (JsonNode?)ToJson(t, shared)).ToArray());
        DigestedJson.Write(
            new JsonObject
            {
                ["format"] = $"mmu-stress {Kind}",
                ["version"] = Version,
                ["about"] = new JsonObject(about.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value))),
                ["executions"] = checkpoint.Done.Executions,
                ["blocked"] = checkpoint.Done.Blocked,
                ["steps"] = checkpoint.Done.Steps,
                ["symmetry"] = checkpoint.UsesSymmetry,
                ["shared"] = new JsonArray(shared.Select(s => (JsonNode?)ToJson(s)).ToArray()),
                ["tasks"] = tasks,
            },
            path);
    }

    /// <summary>Reads a checkpoint.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The checkpoint, and what is searched.</returns>
    /// <exception cref="ScheduleFormatException">The file is no checkpoint, or was truncated or edited.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static (Checkpoint Checkpoint, IReadOnlyDictionary<string, string> About) Read(string path) => DigestedJson.Read(path, Kind, Version, FromJson);

    private static (Checkpoint Checkpoint, IReadOnlyDictionary<string, string> About) FromJson(JsonObject json)
    {
        var done = new VerificationProgress((long)json["executions"]!, (long)json["blocked"]!, (long)json["steps"]!, 0);
        List<SharedNode> shared = json["shared"]!.AsArray().Select(n => SharedFrom(n!)).ToList();
        List<SearchTask> tasks = json["tasks"]!.AsArray().Select(n => TaskFrom(n!, shared)).ToList();
        Dictionary<string, string> about = json["about"]!.AsObject().ToDictionary(p => p.Key, p => (string)p.Value!, StringComparer.Ordinal);
        return (new Checkpoint(done, (bool)json["symmetry"]!, tasks), about);
    }

    private static JsonObject ToJson(SearchTask task, List<SharedNode> shared) => new()
    {
        ["cpus"] = task.Cpus,
        ["firstUnknown"] = task.FirstUnknown,
        ["nodes"] = new JsonArray(task.Nodes.Select(n => (JsonNode?)ToJson(n, shared)).ToArray()),
    };

    private static SearchTask TaskFrom(JsonNode json, List<SharedNode> shared) =>
        new((int)json["cpus"]!, json["nodes"]!.AsArray().Select(n => NodeFrom(n!, shared)).ToList(), (int)json["firstUnknown"]!);

    private static JsonObject ToJson(TaskNode node, List<SharedNode> shared)
    {
        var json = new JsonObject { ["chosen"] = node.Chosen };
        if (node.IsChoice)
        {
            json["alternatives"] = node.Alternatives;
            json["step"] = node.Step;
            return json;
        }

        json["enabled"] = node.Enabled;
        json["backtrack"] = node.Backtrack;
        json["done"] = node.Done;
        json["sleep"] = node.Sleep;
        json["hasKept"] = node.HasKept;
        if (node.Representatives is { } representatives)
        {
            json["representatives"] = new JsonArray(representatives.Select(r => (JsonNode?)r).ToArray());
        }

        if (node.Shared is { } known)
        {
            if (!shared.Contains(known))
            {
                shared.Add(known);
            }

            json["shared"] = shared.IndexOf(known);
        }

        if (node.Sleepers is { } sleepers)
        {
            json["sleepers"] = ToJson(sleepers);
        }

        return json;
    }

    private static TaskNode NodeFrom(JsonNode json, List<SharedNode> shared) => json["alternatives"] is { } alternatives
        ? new TaskNode { Chosen = (int)json["chosen"]!, Alternatives = (int)alternatives, Step = (int)json["step"]! }
        : new TaskNode
        {
            Chosen = (int)json["chosen"]!,
            Enabled = (ulong)json["enabled"]!,
            Backtrack = (ulong)json["backtrack"]!,
            Done = (ulong)json["done"]!,
            Sleep = (ulong)json["sleep"]!,
            HasKept = (bool)json["hasKept"]!,
            Representatives = json["representatives"]?.AsArray().Select(r => (int)r!).ToArray(),
            Shared = json["shared"] is { } index ? shared[(int)index] : null,
            Sleepers = json["sleepers"] is { } sleepers ? AccessesFrom(sleepers) : null,
        };

    private static JsonObject ToJson(SharedNode node) => new()
    {
        ["backtrack"] = node.Backtrack,
        ["claimed"] = node.Claimed,
        ["sleep"] = node.Sleep,
        ["accesses"] = ToJson(node.Accesses),
    };

    private static SharedNode SharedFrom(JsonNode json)
    {
        var node = new SharedNode((ulong)json["backtrack"]!, (ulong)json["claimed"]!, (ulong)json["sleep"]!);
        foreach ((int cpu, Access[] accesses) in AccessesFrom(json["accesses"]!))
        {
            node.Publish(cpu, accesses);
        }

        return node;
    }

    // By CPU: block, index and kind of each access, one after the other.
    private static JsonObject ToJson(IReadOnlyDictionary<int, Access[]> accesses) => new(
        accesses.Select(p => KeyValuePair.Create(
            p.Key.ToString(System.Globalization.CultureInfo.InvariantCulture),
            (JsonNode?)new JsonArray(p.Value.SelectMany(a => new[] { a.Block, a.Index, (int)a.Kind }).Select(n => (JsonNode?)n).ToArray()))));

    private static Dictionary<int, Access[]> AccessesFrom(JsonNode json) => json.AsObject().ToDictionary(
        p => int.Parse(p.Key, System.Globalization.CultureInfo.InvariantCulture),
        p => p.Value!.AsArray().Select(n => (int)n!).Chunk(3).Select(c => new Access(c[0], c[1], (AccessKind)c[2])).ToArray());
}
