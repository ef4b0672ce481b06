namespace MmuStress.Explorer;

/// <summary>When a run counts as endless.</summary>
public sealed record ExplorationLimits
{
    /// <summary>After how many steps in which nobody got anything done the schedule becomes fair, whatever the strategy.</summary>
    public int FairAfterSteps { get; init; } = 50_000;

    /// <summary>After how many such steps a run is a livelock; more than <see cref="FairAfterSteps"/>.</summary>
    public int LivelockAfterSteps { get; init; } = 100_000;

    /// <summary>How many steps in a row one CPU may take before the strategy is told that its time is up.</summary>
    public int TimeSlice { get; init; } = 2_000;
}
