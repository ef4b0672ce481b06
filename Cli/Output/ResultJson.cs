using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using MmuStress.Explorer;
using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary>Results as one JSON object, with the keys that scripts rely on.</summary>
internal static class ResultJson
{
    private static readonly JsonSerializerOptions Layout = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What a verb that runs schedules found.</summary>
    /// <param name="command">The verb.</param>
    /// <param name="run">The scenario.</param>
    /// <param name="strategy">The strategy.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="schedules">How many schedules were run.</param>
    /// <param name="steps">How many steps they had.</param>
    /// <param name="seconds">In which time.</param>
    /// <param name="isComplete">Whether there are no further schedules.</param>
    /// <param name="violation">What was violated; null where everything held.</param>
    /// <param name="notDetectable">What the memory model cannot show.</param>
    /// <returns>The object.</returns>
    public static JsonObject Of(
        string command,
        ScenarioRun run,
        string strategy,
        ulong seed,
        long schedules,
        long steps,
        double seconds,
        bool isComplete,
        JsonObject? violation,
        IReadOnlyList<string> notDetectable) => new()
        {
            ["command"] = command,
            ["scenario"] = run.Scenario.Name,
            ["mmu"] = run.Mmu,
            ["vcpus"] = run.Parameters.Vcpus,
            ["memory"] = run.Memory,
            ["strategy"] = strategy,
            ["seed"] = seed,
            ["schedules"] = schedules,
            ["steps"] = steps,
            ["seconds"] = Seconds(seconds),
            ["complete"] = isComplete,
            ["violation"] = violation,
            ["notDetectable"] = new JsonArray(notDetectable.Select(n => (JsonNode?)n).ToArray()),
        };

    /// <summary>A violation with its schedule.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <param name="path">Where it is saved; empty where it is not.</param>
    /// <returns>The object.</returns>
    public static JsonObject Violation(Schedule schedule, string path) => new()
    {
        ["invariant"] = schedule.Violation.Invariant,
        ["message"] = schedule.Violation.Message,
        ["schedule"] = path.Length == 0 ? null : path,
        ["steps"] = schedule.Steps,
        ["preemptions"] = schedule.Preemptions,
        ["foundAt"] = schedule.Index + 1,
    };

    /// <summary>A violation without a schedule, as a soak finds it.</summary>
    /// <param name="violation">The violation.</param>
    /// <returns>The object.</returns>
    public static JsonObject Violation(Machine.Violation violation) => new()
    {
        ["invariant"] = violation.Invariant,
        ["message"] = violation.Message,
        ["schedule"] = null,
        ["steps"] = null,
        ["preemptions"] = null,
        ["foundAt"] = null,
    };

    /// <summary>Seconds, to the millisecond.</summary>
    /// <param name="seconds">Seconds.</param>
    /// <returns>The same, rounded.</returns>
    public static double Seconds(double seconds) => Math.Round(seconds, 3);

    /// <summary>Prints an object.</summary>
    /// <param name="json">The object.</param>
    /// <param name="output">Where.</param>
    public static void Print(JsonObject json, TextWriter output) => output.Write(json.ToJsonString(Layout) + "\n");
}
