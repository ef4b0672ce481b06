namespace MmuStress.Machine;

/// <summary>A property that did not hold.</summary>
/// <param name="Invariant">The property, named by what holds: "NoStaleMapping".</param>
/// <param name="Message">What broke it, in one line without a full stop.</param>
/// <param name="Consequence">What the last line of a race diagram says: "stale: pfn 7 is free". Empty to use the message.</param>
public sealed record Violation(string Invariant, string Message, string Consequence = "");
