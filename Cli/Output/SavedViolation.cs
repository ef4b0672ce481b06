namespace MmuStress.Cli;

/// <summary>What is remembered of a violation once its schedule is saved: of hundreds, each a recording, memory would run out.</summary>
/// <param name="Invariant">The violated property.</param>
/// <param name="Preemptions">How many preemptions its schedule has.</param>
/// <param name="Steps">How many steps.</param>
/// <param name="Path">Where it is saved; empty where that failed.</param>
/// <param name="Problem">Why it could not be saved; null where it was.</param>
internal sealed record SavedViolation(string Invariant, int Preemptions, int Steps, string Path, string? Problem)
{
    /// <summary>What is remembered of <paramref name="kept"/>.</summary>
    public static SavedViolation Of(KeptViolation kept) =>
        new(kept.Schedule.Violation.Invariant, kept.Schedule.Preemptions, kept.Schedule.Steps, kept.Path, kept.Problem);
}
