namespace MmuStress.Scenarios;

/// <summary>What is expected of a scenario on one MMU: that everything holds, or that a defect shows.</summary>
/// <param name="Mmu">The MMU's name; empty for a scenario without one.</param>
/// <param name="Invariants">The properties of which one is violated; empty when everything holds.</param>
/// <param name="Because">The defect that violates it, as the documentation names it: "LA20-1"; empty when everything holds.</param>
public sealed record Expectation(string Mmu, IReadOnlyList<string> Invariants, string Because)
{
    /// <summary>Whether everything holds.</summary>
    public bool Holds => Invariants.Count == 0;

    /// <summary>The memory models under which the defect shows; empty where it shows under each.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>Whether there is no defect under the other memory models: what is there is enough for them.</summary>
    public bool IsRightElsewhere { get; init; }

    /// <summary>How many preemptions the shortest schedule takes; without any, it is wrong whoever runs first.</summary>
    public int Preemptions { get; init; } = 1;

    /// <summary>Whether everything holds under <paramref name="memory"/> because nothing is wrong.</summary>
    /// <param name="memory">The memory model.</param>
    /// <returns>False where something is wrong, whether or not it can show.</returns>
    public bool HoldsUnder(string memory) => Holds || (IsRightElsewhere && !ShowsUnder(memory));

    /// <summary>Whether a run under <paramref name="memory"/> says anything about the defect, if there is one.</summary>
    /// <param name="memory">The memory model.</param>
    /// <returns>False where the defect cannot show.</returns>
    public bool IsDetectableUnder(string memory) => HoldsUnder(memory) || ShowsUnder(memory);

    /// <summary>The same where the defect shows under some memory models only.</summary>
    /// <param name="models">The memory models.</param>
    /// <returns>The expectation.</returns>
    public Expectation Under(params string[] models) => this with { Models = models };

    /// <summary>The same where it is a defect under some memory models only.</summary>
    /// <param name="models">The memory models.</param>
    /// <returns>The expectation.</returns>
    public Expectation OnlyUnder(params string[] models) => this with { Models = models, IsRightElsewhere = true };

    /// <summary>The same where the shortest schedule takes another number of preemptions than one.</summary>
    /// <param name="preemptions">How many.</param>
    /// <returns>The expectation.</returns>
    public Expectation AfterPreemptions(int preemptions) => this with { Preemptions = preemptions };

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

    private bool ShowsUnder(string memory) => Models.Count == 0 || Models.Contains(memory, StringComparer.Ordinal);
}
