namespace MmuStress.Bench;

/// <summary>What a worker process found.</summary>
/// <param name="Bug">The first bug, beginning with the property; null for none.</param>
/// <param name="Schedules">How many schedules were run.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="CpuSeconds">User and system time.</param>
/// <param name="AllocatedBytes">How much was allocated.</param>
/// <param name="PeakBytes">The process's largest working set so far.</param>
/// <param name="Trace">The schedule of the first bug as a trace of Coyote's; null for none.</param>
internal sealed record WorkAnswer(string? Bug, long Schedules, double Seconds, double CpuSeconds, long AllocatedBytes, long PeakBytes, string? Trace)
{
    /// <summary>The property that the bug violates; empty for none.</summary>
    public string Invariant => Bug?.Split(':')[0] ?? "";
}
