using MmuStress.Explorer;

namespace MmuStress.Litmus;

/// <summary>An event of one process. What it depends on are bit masks of earlier events of that process.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Flags">How it is annotated.</param>
/// <param name="Location">What it accesses; -1 for none.</param>
/// <param name="Value">The value read or written.</param>
/// <param name="Addr">The reads that its address depends on.</param>
/// <param name="Data">The reads that its value depends on.</param>
/// <param name="Ctrl">The reads on which it depends whether it happens.</param>
/// <param name="RmwRead">The read of the same read-modify-write; -1 for none.</param>
internal readonly record struct TraceEvent(
    EventKind Kind,
    EventFlags Flags,
    int Location,
    long Value,
    ulong Addr,
    ulong Data,
    ulong Ctrl,
    int RmwRead);
