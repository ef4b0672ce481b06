namespace MmuStress.Actors;

/// <summary>Asks whether a page was used: test_young.</summary>
/// <param name="Page">The host page's number.</param>
public sealed record TestsPage(ulong Page) : Message;
