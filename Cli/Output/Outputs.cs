namespace MmuStress.Cli;

/// <summary>What is written where.</summary>
/// <param name="Json">Whether the result is one JSON object.</param>
/// <param name="ShowsProgress">Whether progress is shown.</param>
/// <param name="JUnit">The file of the JUnit report; null for none.</param>
/// <param name="Folder">Where schedules are saved.</param>
internal sealed record Outputs(bool Json, bool ShowsProgress, string? JUnit, ScheduleFolder Folder);
