using System.Text.Json.Nodes;
using MmuStress.Explorer;
using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary>What leaving one operation out of one scenario has shown, and the schedule that was saved.</summary>
/// <param name="Mutation">The operation.</param>
/// <param name="Outcome">What it has shown.</param>
/// <param name="Violation">The violation; null where everything held.</param>
internal sealed record MutatedSite(Mutation Mutation, MutationOutcome Outcome, SavedViolation? Violation)
{
    /// <summary>The verdict for scripts.</summary>
    public string Verdict => NameOf(Outcome.Verdict);

    /// <summary>The verdict for people.</summary>
    public string Text => Outcome.Verdict switch
    {
        MutationVerdict.Necessary => "necessary",
        MutationVerdict.NotDetectable => "not detectable",
        _ => Outcome.IsComplete ? "not needed" : $"not needed in {Quantity.Of(Outcome.Executions)} samples",
    };

    /// <summary>The violated property; empty where everything held.</summary>
    public string Invariant => Violation?.Invariant ?? "";

    /// <summary>A verdict for scripts.</summary>
    /// <param name="verdict">The verdict.</param>
    /// <returns>Its name.</returns>
    public static string NameOf(MutationVerdict verdict) => verdict switch
    {
        MutationVerdict.Necessary => "necessary",
        MutationVerdict.NotDetectable => "notDetectable",
        _ => "notNeededInScope",
    };

    /// <summary>The site for scripts.</summary>
    /// <returns>An object.</returns>
    public JsonObject ToJson() => new()
    {
        ["site"] = Mutation.Site,
        ["operation"] = Mutation.Operation,
        ["kind"] = Mutation.Kind.ToString(),
        ["verdict"] = Verdict,
        ["complete"] = Outcome.IsComplete,
        ["executions"] = Outcome.Executions,
        ["invariant"] = Violation?.Invariant,
        ["preemptions"] = Violation?.Preemptions,
        ["schedule"] = string.IsNullOrEmpty(Violation?.Path) ? null : Violation.Path,
    };
}
