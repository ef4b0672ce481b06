namespace MmuStress.Scenarios;

/// <summary>Host pages in a scenario file.</summary>
/// <param name="Page">The first one's number.</param>
/// <param name="Pages">How many, at least 1.</param>
public readonly record struct ScenarioFilePages(ulong Page, ulong Pages = 1);
