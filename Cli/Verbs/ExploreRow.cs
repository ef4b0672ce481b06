using System.Text.Json.Nodes;
using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary>A row of <c>explore all</c>: what was expected and what was seen.</summary>
/// <param name="Run">The scenario on one MMU.</param>
/// <param name="Expectation">What was expected.</param>
/// <param name="Schedules">How many schedules it took.</param>
/// <param name="Seconds">In which time.</param>
/// <param name="Violation">What was violated; null where everything held.</param>
internal sealed record ExploreRow(ScenarioRun Run, Expectation Expectation, long Schedules, double Seconds, KeptViolation? Violation)
{
    private const string Held = "held";
    private const string Violated = "violated";

    /// <summary>What was expected: "held" or "violated".</summary>
    public string Expected => Expectation.Holds ? Held : Violated;

    /// <summary>What was seen: "held" or "violated".</summary>
    public string Seen => Violation is null ? Held : Violated;

    /// <summary>The violated property; empty where everything held.</summary>
    public string Invariant => Violation?.Schedule.Violation.Invariant ?? "";

    /// <summary>Whether what was seen is not what was expected; the violation of another property is not either.</summary>
    public bool IsUnexpected => Violation is null ? !Expectation.Holds : !Expectation.Invariants.Contains(Invariant, StringComparer.Ordinal);

    /// <summary>What is unexpected about it, in one line; null where nothing is.</summary>
    public string? Problem
    {
        get
        {
            if (!IsUnexpected)
            {
                return null;
            }

            string wanted = Expectation.Holds ? "everything was expected to hold" : $"a violation of {string.Join(" or ", Expectation.Invariants)} was expected ({Expectation.Because})";
            string found = Violation is null ? $"everything held in {Quantity.Count(Schedules, "schedule")}" : $"{Invariant} was violated";
            return $"{wanted}, {found}";
        }
    }

    /// <summary>The row for scripts.</summary>
    /// <returns>An object.</returns>
    public JsonObject ToJson() => new()
    {
        ["scenario"] = Run.Scenario.Name,
        ["mmu"] = Run.Mmu,
        ["memory"] = Run.Memory,
        ["expected"] = Expected,
        ["seen"] = Seen,
        ["invariant"] = Violation is null ? null : Invariant,
        ["schedule"] = string.IsNullOrEmpty(Violation?.Path) ? null : Violation.Path,
        ["schedules"] = Schedules,
        ["seconds"] = ResultJson.Seconds(Seconds),
    };

    /// <summary>The row for CI systems.</summary>
    /// <returns>A test case.</returns>
    public JUnitCase ToJUnit() => new(
        Run.Scenario.Name,
        Run.Mmu.Length == 0 ? Run.Scenario.Name : Run.Mmu,
        Seconds,
        Problem,
        Violation?.Report($"schedule {Schedules}") ?? "");
}
