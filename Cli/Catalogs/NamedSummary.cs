namespace MmuStress.Cli;

/// <summary>A line of a list.</summary>
/// <param name="Name">What users type.</param>
/// <param name="Summary">What it is, in one line.</param>
internal sealed record NamedSummary(string Name, string Summary);
