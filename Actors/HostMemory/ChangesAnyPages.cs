namespace MmuStress.Actors;

/// <summary>Asks the host for changes of the environment's choice: each time one of all that it knows, to pages of a range.</summary>
/// <param name="First">The number of the first host page.</param>
/// <param name="Pages">How many pages there are to choose from.</param>
/// <param name="Count">How many changes.</param>
public sealed record ChangesAnyPages(ulong First, ulong Pages, int Count) : Message;
