namespace MmuStress.Explorer;

/// <summary>What a strategy is made from.</summary>
/// <param name="Seed">The user's seed.</param>
/// <param name="Depth">PCT's bug depth, or the largest number of preemptions; at least 1.</param>
/// <param name="Steps">How many steps with a choice a run is expected to have; at least 1.</param>
public sealed record StrategyParameters(ulong Seed, int Depth, int Steps);
