namespace MmuStress.Actors;

/// <summary>Asks the host to move a mapping, VMA and all: mremap() to a fixed place.</summary>
/// <param name="First">The number of the first host page.</param>
/// <param name="Count">How many, at least 1.</param>
/// <param name="To">Where the first goes.</param>
public sealed record MovesPages(ulong First, ulong Count, ulong To) : Message;
