using System.Globalization;
using System.Text.Json.Nodes;
using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>Schedules as files: JSON that a person can read, written whole or not at all, with a digest that tells when it was edited.</summary>
public static class ScheduleFile
{
    /// <summary>The version of the format that is written.</summary>
    public const int Version = 1;

    private const string Kind = "schedule";

    /// <summary>The file's text.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <returns>JSON.</returns>
    public static string ToText(Schedule schedule) => DigestedJson.ToText(ToJson(schedule));

    /// <summary>Writes a schedule.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <param name="path">Where; an existing file is replaced at once.</param>
    /// <exception cref="IOException">It cannot be written; nothing is changed then.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void Write(Schedule schedule, string path) => DigestedJson.Write(ToJson(schedule), path);

    /// <summary>Reads a schedule.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The schedule.</returns>
    /// <exception cref="ScheduleFormatException">The file is no schedule, or was truncated or edited.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Schedule Read(string path) => DigestedJson.Read(path, Kind, Version, FromJson);

    /// <summary>The name a schedule's file gets: the scenario and four digits of its digest.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <returns>"fault-vs-invalidate-3f2a.json".</returns>
    public static string NameOf(Schedule schedule) => $"{schedule.Scenario}-{DigestedJson.DigestOf(ToJson(schedule))[..4]}.json";

    private static Schedule FromJson(JsonObject json)
    {
        List<string> actors = Strings(json["actors"]!);
        JsonObject violation = json["violation"]!.AsObject();
        return new Schedule
        {
            Tool = (string)json["tool"]!,
            Scenario = (string)json["scenario"]!,
            Host = (string?)json["host"],
            Parameters = json["parameters"]!.AsObject().ToDictionary(p => p.Key, p => (string)p.Value!, StringComparer.Ordinal),
            Mmu = (string)json["mmu"]!,
            Memory = (string)json["memory"]!,
            Mutation = json["mutation"] is { } mutation ? MutationOf(mutation.AsObject()) : null,
            Strategy = (string)json["strategy"]!,
            Seed = (ulong)json["seed"]!,
            Index = (long)json["schedule"]!,
            Violation = new Violation((string)violation["invariant"]!, (string)violation["message"]!, (string)violation["consequence"]!),
            Steps = (int)json["steps"]!,
            Preemptions = (int)json["preemptions"]!,
            StepsBeforeShrinking = (int)json["stepsBeforeShrinking"]!,
            Actors = actors,
            DisabledActors = Strings(json["leftOut"]!).Aggregate(0UL, (mask, name) => mask | (1UL << NumberOf(actors, name))),
            Decisions = Decode(Strings(json["decisions"]!), actors),
            Events = Strings(json["events"]!),
        };
    }

    private static JsonObject ToJson(Schedule schedule)
    {
        JsonObject json = WithoutMutation(schedule);
        if (schedule.Host is { } host)
        {
            json["host"] = host;
        }

        if (schedule.Mutation is { } mutation)
        {
            json["mutation"] = new JsonObject
            {
                ["operation"] = mutation.Operation,
                ["kind"] = mutation.Kind.ToString(),
                ["file"] = mutation.File,
                ["line"] = mutation.Line,
                ["ignored"] = Array(mutation.Ignored),
            };
        }

        return json;
    }

    private static Mutation MutationOf(JsonObject json) =>
        new((string)json["file"]!, (int)json["line"]!, Enum.Parse<MutationKind>((string)json["kind"]!), (string)json["operation"]!) { Ignored = Strings(json["ignored"]!) };

    private static JsonObject WithoutMutation(Schedule schedule) => new()
    {
        ["format"] = $"mmu-stress {Kind}",
        ["version"] = Version,
        ["tool"] = schedule.Tool,
        ["scenario"] = schedule.Scenario,
        ["parameters"] = new JsonObject(schedule.Parameters.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value))),
        ["mmu"] = schedule.Mmu,
        ["memory"] = schedule.Memory,
        ["strategy"] = schedule.Strategy,
        ["seed"] = schedule.Seed,
        ["schedule"] = schedule.Index,
        ["violation"] = new JsonObject
        {
            ["invariant"] = schedule.Violation.Invariant,
            ["message"] = schedule.Violation.Message,
            ["consequence"] = schedule.Violation.Consequence,
        },
        ["steps"] = schedule.Steps,
        ["preemptions"] = schedule.Preemptions,
        ["stepsBeforeShrinking"] = schedule.StepsBeforeShrinking,
        ["actors"] = Array(schedule.Actors),
        ["leftOut"] = Array(schedule.Actors.Where((_, id) => (schedule.DisabledActors >> id & 1) != 0)),
        ["decisions"] = Array(Encode(schedule.Decisions, schedule.Actors)),
        ["events"] = Array(schedule.Events),
    };

    private static IEnumerable<string> Encode(IReadOnlyList<ushort> decisions, IReadOnlyList<string> actors)
    {
        for (int i = 0; i < decisions.Count;)
        {
            int end = i + 1;
            if (decisions[i] >= 256)
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"choice {decisions[i] - 256}");
            }
            else
            {
                while (end < decisions.Count && decisions[end] == decisions[i])
                {
                    end++;
                }

                yield return string.Create(CultureInfo.InvariantCulture, $"{actors[decisions[i]]} {end - i}");
            }

            i = end;
        }
    }

    private static List<ushort> Decode(List<string> runs, List<string> actors)
    {
        var decisions = new List<ushort>();
        foreach (string run in runs)
        {
            int space = run.LastIndexOf(' ');
            int count = int.Parse(run.AsSpan(space + 1), NumberStyles.None, CultureInfo.InvariantCulture);
            string name = run[..space];
            if (string.Equals(name, "choice", StringComparison.Ordinal))
            {
                decisions.Add((ushort)(256 + count));
            }
            else
            {
                decisions.AddRange(Enumerable.Repeat((ushort)NumberOf(actors, name), count));
            }
        }

        return decisions;
    }

    private static int NumberOf(List<string> actors, string name)
    {
        int number = actors.IndexOf(name);
        return number >= 0 ? number : throw new ScheduleFormatException($"it names an actor that it does not list: {name}");
    }

    private static List<string> Strings(JsonNode array) => array.AsArray().Select(n => (string)n!).ToList();

    private static JsonArray Array(IEnumerable<string> lines) => new(lines.Select(l => (JsonNode?)l).ToArray());
}
