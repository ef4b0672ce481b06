namespace MmuStress.Scenarios;

/// <summary>An operation that there is in scenario files, and the keys that it takes.</summary>
/// <param name="Name">Its name: "unmap".</param>
/// <param name="Kind">The kind of actor that has it.</param>
/// <param name="Required">The keys that must be there: "page".</param>
/// <param name="Optional">The keys that may be left out: "pages".</param>
/// <param name="Summary">What it does, in one line.</param>
public sealed record ScenarioFileForm(string Name, string Kind, IReadOnlyList<string> Required, IReadOnlyList<string> Optional, string Summary);
