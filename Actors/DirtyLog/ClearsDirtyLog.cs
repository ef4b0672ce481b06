namespace MmuStress.Actors;

/// <summary>Asks for KVM_CLEAR_DIRTY_LOG of the pages that were read last.</summary>
/// <param name="Slot">The memslot's number.</param>
/// <param name="Pages">How many pages user space has given the memslot.</param>
public sealed record ClearsDirtyLog(int Slot, ulong Pages) : Message;
