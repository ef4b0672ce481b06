namespace MmuStress.Traces;

/// <summary>A memslot of a window, with the pages that matter.</summary>
/// <param name="Slot">Its number, from 0.</param>
/// <param name="Gfn">Its first guest frame, from 1.</param>
/// <param name="Pages">How many pages it has.</param>
/// <param name="Page">The number of its first host page, from 1.</param>
/// <param name="LogsDirtyPages">Whether it tracks writes.</param>
/// <param name="IsReadOnly">Whether the guest can only read it.</param>
public sealed record WindowSlot(int Slot, ulong Gfn, ulong Pages, ulong Page, bool LogsDirtyPages, bool IsReadOnly);
