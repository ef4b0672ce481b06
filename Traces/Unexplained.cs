namespace MmuStress.Traces;

/// <summary>A line that the protocol does not allow.</summary>
/// <param name="Line">Its number, from 1.</param>
/// <param name="Message">Why not.</param>
public sealed record Unexplained(long Line, string Message);
