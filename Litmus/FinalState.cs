namespace MmuStress.Litmus;

/// <summary>A final state of a litmus test.</summary>
/// <param name="Text">The values: "0:r1=1; x=2;".</param>
/// <param name="MeetsCondition">Whether it meets the test's condition.</param>
public sealed record FinalState(string Text, bool MeetsCondition);
