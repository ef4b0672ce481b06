namespace MmuStress.Actors;

/// <summary>Asks the host to move a page to another frame.</summary>
/// <param name="Page">The host page's number.</param>
public sealed record MigratesPage(ulong Page) : Message;
