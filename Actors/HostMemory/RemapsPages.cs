namespace MmuStress.Actors;

/// <summary>Asks the host to move mappings: mremap().</summary>
/// <param name="First">The number of the first host page.</param>
/// <param name="Count">How many; 0 for none.</param>
/// <param name="To">Where the first goes.</param>
public sealed record RemapsPages(ulong First, ulong Count, ulong To) : Message;
