using MmuStress.Explorer;
using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary>A schedule file that was read, and the scenario that it belongs to.</summary>
/// <param name="Path">The file.</param>
/// <param name="Schedule">The schedule.</param>
/// <param name="Run">The scenario as it was when the schedule was saved.</param>
internal sealed record SavedSchedule(string Path, Schedule Schedule, ScenarioRun Run)
{
    /// <summary>The options with which the schedule is run again.</summary>
    public ExplorationOptions Options => new() { Strategy = Schedule.Strategy, Seed = Schedule.Seed };

    /// <summary>Reads a schedule file.</summary>
    /// <param name="path">The file; null where none was named.</param>
    /// <param name="verb">The verb that needs it.</param>
    /// <param name="surroundings">What it runs in.</param>
    /// <returns>The schedule.</returns>
    /// <exception cref="UsageException">It is no schedule, or one of another scenario or version.</exception>
    public static SavedSchedule Read(string? path, string verb, Surroundings surroundings)
    {
        if (string.IsNullOrEmpty(path))
        {
            throw new UsageException($"{verb} needs a schedule FILE, as 'explore' saves it");
        }

        try
        {
            Schedule schedule = Load(path);
            return new SavedSchedule(path, schedule, RunOf(schedule, surroundings));
        }
        catch (UsageException e)
        {
            throw new UsageException($"{path}: {e.Message}");
        }
    }

    /// <summary>Says that the code does something else than the schedule.</summary>
    /// <param name="e">Where.</param>
    /// <param name="surroundings">Where it is said.</param>
    public void ReportMismatch(ScheduleMismatchException e, Surroundings surroundings) => ReportFailure(e.Message, surroundings);

    /// <summary>Says that the schedule did not come back.</summary>
    /// <param name="message">Why.</param>
    /// <param name="surroundings">Where it is said.</param>
    public void ReportFailure(string message, Surroundings surroundings)
    {
        string version = string.Equals(Schedule.Tool, ToolVersion.Text, StringComparison.Ordinal) ? "" : $" (saved by version {Schedule.Tool}, this is {ToolVersion.Text})";
        surroundings.Error.Write($"mmu-stress: {Path}: {message}{version}; 'mmu-stress replay --adapt {Path}' looks for it near this schedule\n".ReplaceLineEndings("\n"));
    }

    private static Schedule Load(string path)
    {
        try
        {
            return Directory.Exists(path) ? throw new UsageException("it is a folder, not a schedule") : ScheduleFile.Read(path);
        }
        catch (FileNotFoundException)
        {
            throw new UsageException("there is no such file");
        }
        catch (DirectoryNotFoundException)
        {
            throw new UsageException("there is no such file");
        }
        catch (ScheduleFormatException e)
        {
            throw new UsageException(e.Message);
        }
        catch (Exception e) when (Writable.IsRefusal(e))
        {
            throw new UsageException($"it cannot be read: {e.Message}");
        }
    }

    private static ScenarioRun RunOf(Schedule schedule, Surroundings surroundings)
    {
        Scenario scenario = Lookup.Scenario(schedule.Scenario, surroundings.Scenarios);
        string mmu = Lookup.Mmu(schedule.Mmu.Length == 0 && !scenario.HasMmu ? null : schedule.Mmu, scenario, surroundings.Scenarios);
        string memory = MemoryModelList.Require(schedule.Memory);
        ScenarioParameters parameters;
        try
        {
            parameters = ScenarioParameters.FromDictionary(schedule.Parameters);
        }
        catch (Exception e) when (e is FormatException or OverflowException or KeyNotFoundException)
        {
            throw new UsageException($"its parameters cannot be read: {e.Message}");
        }

        if (parameters.Problem() is { } problem)
        {
            throw new UsageException(problem);
        }

        var run = new ScenarioRun(scenario, parameters, mmu) { Memory = memory };
        ScenarioOptions.RequireExplorable(run);
        return run;
    }
}
