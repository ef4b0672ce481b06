namespace MmuStress.Scenarios;

/// <summary>What is expected of a scenario on one MMU under sequential consistency.</summary>
/// <param name="Mmu">The MMU's name; empty for a scenario without one.</param>
/// <param name="Invariants">The properties of which one is violated; empty when everything holds.</param>
/// <param name="Because">The defect that violates it, as the documentation names it: "LA20-1"; empty when everything holds.</param>
public sealed record Expectation(string Mmu, IReadOnlyList<string> Invariants, string Because)
{
    /// <summary>Whether everything holds.</summary>
    public bool Holds => Invariants.Count == 0;

    /// <summary>Everything holds on <paramref name="mmu"/>.</summary>
    /// <param name="mmu">The MMU's name.</param>
    /// <returns>The expectation.</returns>
    public static Expectation Held(string mmu) => new(mmu, [], "");

    /// <summary>One of <paramref name="invariants"/> is violated on <paramref name="mmu"/>.</summary>
    /// <param name="mmu">The MMU's name.</param>
    /// <param name="because">The defect.</param>
    /// <param name="invariants">The properties.</param>
    /// <returns>The expectation.</returns>
    public static Expectation Violated(string mmu, string because, params string[] invariants) => new(mmu, invariants, because);
}
