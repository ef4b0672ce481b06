namespace MmuStress.Explorer;

/// <summary>How far an exploration has come.</summary>
/// <param name="Schedules">How many schedules have been run.</param>
/// <param name="Steps">How many steps they had.</param>
/// <param name="Violations">How many of them violated a property.</param>
public readonly record struct ExplorationProgress(long Schedules, long Steps, long Violations);
