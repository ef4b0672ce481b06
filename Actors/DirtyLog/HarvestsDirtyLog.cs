namespace MmuStress.Actors;

/// <summary>Asks for a round of the dirty log: read, and where protection is manual also clear.</summary>
/// <param name="Slot">The memslot's number.</param>
/// <param name="MayBeOff">Whether the memslot may not track writes just then; nothing is reported in that case.</param>
public sealed record HarvestsDirtyLog(int Slot, bool MayBeOff = false) : Message;
