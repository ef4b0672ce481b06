namespace MmuStress.Actors;

/// <summary>Has the host process read a page.</summary>
/// <param name="Page">Its number.</param>
public sealed record ReadsPage(ulong Page) : Message;
