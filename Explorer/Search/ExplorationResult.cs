namespace MmuStress.Explorer;

/// <summary>What an exploration found.</summary>
/// <param name="Schedules">How many schedules were run; after a violation, the number of the first violating one.</param>
/// <param name="Steps">How many steps they had.</param>
/// <param name="IsComplete">Whether the strategy has no further schedules.</param>
/// <param name="IsBounded">Whether the strategy left schedules out because of a bound of its own, so that complete means: within that bound.</param>
/// <param name="WasInterrupted">Whether it was cancelled.</param>
/// <param name="Findings">The first violating schedule of each property, by number; empty when everything held.</param>
public sealed record ExplorationResult(long Schedules, long Steps, bool IsComplete, bool IsBounded, bool WasInterrupted, IReadOnlyList<Finding> Findings);
