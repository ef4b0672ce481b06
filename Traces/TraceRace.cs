using MmuStress.Explorer;

namespace MmuStress.Traces;

/// <summary>A fault and an invalidation of the same address that came close.</summary>
/// <param name="Distance">From the fault's look at the sequence to the invalidation's beginning, in nanoseconds or event numbers.</param>
/// <param name="IsRetried">Whether the fault was tried again.</param>
/// <param name="Line">The fault's line.</param>
/// <param name="Recording">What both threads did, each line with its number.</param>
public sealed record TraceRace(long Distance, bool IsRetried, long Line, Recording Recording);
