namespace MmuStress.Actors;

/// <summary>Asks reclaim to find out which pages are in use.</summary>
/// <param name="First">The number of the first host page.</param>
/// <param name="Count">How many.</param>
/// <param name="Flush">Whether TLBs are to forget as well: clear_flush_young, else clear_young.</param>
public sealed record AgesPages(ulong First, ulong Count, bool Flush) : Message;
