namespace MmuStress.Scenarios;

/// <summary>How long it is looked for what an operation is good for.</summary>
public sealed record MutationLimits
{
    /// <summary>How many schedules are sampled first, at least 1: most of what breaks breaks soon.</summary>
    public long FirstSamples { get; init; } = 2_000;

    /// <summary>For how long all executions are searched then.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How many executions that search has at most, at least 1.</summary>
    public long Executions { get; init; } = long.MaxValue;

    /// <summary>How many schedules are sampled where that did not end, at least 1.</summary>
    public long Samples { get; init; } = 100_000;

    /// <summary>The seed of what is sampled.</summary>
    public ulong Seed { get; init; } = 1;
}
