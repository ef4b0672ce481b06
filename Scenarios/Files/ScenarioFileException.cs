namespace MmuStress.Scenarios;

/// <summary>A file is no scenario file, or one that makes no sense.</summary>
/// <param name="message">What is wrong and where, in one line: "x.scenario.json: actors[0].does[2]: gfn 9 is in no slot".</param>
public sealed class ScenarioFileException(string message) : Exception(message);
