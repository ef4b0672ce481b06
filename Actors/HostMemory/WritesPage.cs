namespace MmuStress.Actors;

/// <summary>Asks the host process to write a page, which breaks copy on write.</summary>
/// <param name="Page">The host page's number.</param>
/// <param name="Value">What is written.</param>
public sealed record WritesPage(ulong Page, ulong Value) : Message;
