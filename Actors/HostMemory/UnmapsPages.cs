namespace MmuStress.Actors;

/// <summary>Asks the host to drop pages: madvise(MADV_DONTNEED), or reclaim by the OOM reaper where it may not block.</summary>
/// <param name="First">The number of the first host page.</param>
/// <param name="Count">How many.</param>
/// <param name="MayBlock">Whether it may sleep.</param>
public sealed record UnmapsPages(ulong First, ulong Count, bool MayBlock = true) : Message;
