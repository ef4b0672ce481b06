namespace MmuStress.Actors;

/// <summary>Asks KSM to merge two pages of equal content.</summary>
/// <param name="First">A host page's number.</param>
/// <param name="Second">Another one's.</param>
public sealed record MergesPages(ulong First, ulong Second) : Message;
