namespace MmuStress.Actors;

/// <summary>Asks for a fork() that shares pages with a child; the child of the last one exits before.</summary>
/// <param name="First">The number of the first host page.</param>
/// <param name="Count">How many.</param>
public sealed record ForksPages(ulong First, ulong Count) : Message;
