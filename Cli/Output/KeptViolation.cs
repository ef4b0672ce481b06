using System.Threading;
using MmuStress.Explorer;
using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary>A violation that was found, shrunk, recorded and saved.</summary>
/// <param name="Schedule">Its schedule.</param>
/// <param name="Recording">What happens in it.</param>
/// <param name="Path">Where it is saved; empty where that failed.</param>
/// <param name="Problem">Why it could not be saved; null where it was.</param>
internal sealed record KeptViolation(Schedule Schedule, Recording Recording, string Path, string? Problem)
{
    /// <summary>Shrinks, records and saves a violation.</summary>
    /// <param name="run">The scenario.</param>
    /// <param name="finding">The violation.</param>
    /// <param name="options">The options it was found with.</param>
    /// <param name="folder">Where it is saved.</param>
    /// <param name="cancellation">Ends the shrinking early.</param>
    /// <param name="budget">How many runs shrinking may make.</param>
    /// <returns>What was kept.</returns>
    public static KeptViolation Keep(
        ScenarioRun run, Finding finding, ExplorationOptions options, ScheduleFolder folder, CancellationToken cancellation, long budget = ScenarioRun.DefaultShrinkBudget)
    {
        Finding shortest = run.Shrink(finding, options, budget, cancellation);
        (Schedule schedule, Recording recording) = run.Record(shortest, options, finding.Steps);
        try
        {
            return new KeptViolation(schedule, recording, folder.Save(schedule), null);
        }
        catch (UsageException e)
        {
            return new KeptViolation(schedule, recording, "", e.Message);
        }
    }

    /// <summary>The report that a person reads.</summary>
    /// <param name="foundIn">"schedule 3 of 100000".</param>
    /// <returns>Lines.</returns>
    public string Report(string foundIn) => ViolationReport.Text(Schedule, Recording, foundIn, Path);
}
