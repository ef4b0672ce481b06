namespace MmuStress.Cli;

/// <summary>One result in a JUnit report.</summary>
/// <param name="Group">The scenario.</param>
/// <param name="Name">The MMU, or the scenario again where it has none.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Failure">Why it failed, in one line; null where it passed.</param>
/// <param name="Text">Further text.</param>
internal sealed record JUnitCase(string Group, string Name, double Seconds, string? Failure, string Text);
