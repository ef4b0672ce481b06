namespace MmuStress.Actors;

/// <summary>Asks for a round of the dirty log: read, and where protection is manual also clear.</summary>
/// <param name="Slot">The memslot's number.</param>
public sealed record HarvestsDirtyLog(int Slot) : Message;
