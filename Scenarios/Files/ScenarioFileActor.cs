namespace MmuStress.Scenarios;

/// <summary>Somebody who acts, in a scenario file.</summary>
/// <param name="Name">What people call it: small letters, digits, dashes and underscores.</param>
/// <param name="Kind">What it is: one of <see cref="ScenarioFileOperations.Kinds"/>.</param>
/// <param name="Does">What it does, in order; at least one operation.</param>
public sealed record ScenarioFileActor(string Name, string Kind, IReadOnlyList<ScenarioFileOperation> Does);
