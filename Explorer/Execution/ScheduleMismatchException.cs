namespace MmuStress.Explorer;

/// <summary>A saved schedule does not fit the program any more.</summary>
/// <param name="step">The step at which it stopped to fit, from 1.</param>
/// <param name="expected">What the schedule says happens there.</param>
/// <param name="found">What the program does there.</param>
public sealed class ScheduleMismatchException(int step, string expected, string found)
    : Exception($"the schedule no longer fits at step {step}: expected {expected}, found {found}")
{
    /// <summary>The step at which it stopped to fit, from 1.</summary>
    public int Step { get; } = step;

    /// <summary>What the schedule says happens there.</summary>
    public string Expected { get; } = expected;

    /// <summary>What the program does there.</summary>
    public string Found { get; } = found;
}
