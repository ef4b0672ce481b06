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
    private const string NotDetectable = "notDetectable";

    /// <summary>What was expected: "held", "violated", or "notDetectable" for a defect that the memory model cannot show.</summary>
    public string Expected => Expectation.HoldsUnder(Run.Memory) ? Held : Expectation.IsDetectableUnder(Run.Memory) ? Violated : NotDetectable;

    /// <summary>What was seen: "held", "violated", or "notDetectable" where holding says nothing.</summary>
    public string Seen => Violation is not null ? Violated : Expectation.IsDetectableUnder(Run.Memory) ? Held : NotDetectable;

    /// <summary>The violated property; empty where everything held.</summary>
    public string Invariant => Violation?.Schedule.Violation.Invariant ?? "";

    /// <summary>Whether what was seen is not what was expected; the violation of another property is not either.</summary>
    public bool IsUnexpected => !string.Equals(Seen, Expected, StringComparison.Ordinal)
        || (Violation is not null && !Expectation.Invariants.Contains(Invariant, StringComparer.Ordinal));

    /// <summary>What is unexpected about it, in one line; null where nothing is.</summary>
    public string? Problem
    {
        get
        {
            if (!IsUnexpected)
            {
                return null;
            }

            string wanted = !string.Equals(Expected, Violated, StringComparison.Ordinal) ? "everything was expected to hold" : $"a violation of {string.Join(" or ", Expectation.Invariants)} was expected ({Expectation.Because})";
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
