namespace MmuStress.Actors;

/// <summary>Asks the host to split a huge page.</summary>
/// <param name="First">The number of the first host page.</param>
/// <param name="Count">How many.</param>
public sealed record SplitsPages(ulong First, ulong Count) : Message;
