namespace MmuStress.Traces;

/// <summary>What is_page_fault_stale() said of a fault.</summary>
/// <param name="Fault">The event at which the fault begins.</param>
/// <param name="Event">The event that shows it.</param>
/// <param name="IsStale">It.</param>
/// <param name="Gfn">The fault's frame.</param>
/// <param name="Hva">Its host virtual address; 0 where it is not known.</param>
internal readonly record struct EpisodeVerdict(int Fault, int Event, bool IsStale, ulong Gfn, ulong Hva);
