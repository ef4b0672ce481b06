namespace MmuStress.Actors;

/// <summary>Has the host's kernel write a page on behalf of the process, through a reference.</summary>
/// <param name="Page">Its number.</param>
/// <param name="Value">What is written.</param>
public sealed record CopiesToGuest(ulong Page, ulong Value) : Message;
