namespace MmuStress.Litmus;

/// <summary>How much work a litmus test may be.</summary>
public sealed record LitmusLimits
{
    /// <summary>How often the memory model is asked to list the final states.</summary>
    public long StateChecks { get; init; } = 20_000;

    /// <summary>How often it is asked for a verdict where they are too many to be listed.</summary>
    public long VerdictChecks { get; init; } = 1_000_000;
}
