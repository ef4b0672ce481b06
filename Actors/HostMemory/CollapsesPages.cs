namespace MmuStress.Actors;

/// <summary>Asks khugepaged to collapse pages into a huge one.</summary>
/// <param name="First">The number of the first host page.</param>
/// <param name="Count">How many.</param>
public sealed record CollapsesPages(ulong First, ulong Count) : Message;
