using MmuStress.Explorer;
using MmuStress.Hosts;
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
    /// <param name="path">The file.</param>
    /// <param name="surroundings">What it runs in.</param>
    /// <returns>The schedule.</returns>
    /// <exception cref="UsageException">It is no schedule, or one of another scenario or version.</exception>
    public static SavedSchedule Read(string path, Surroundings surroundings)
    {
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

    /// <summary>Runs the schedule once more.</summary>
    /// <param name="recording">What happened; null where the code does something else by now.</param>
    /// <returns>Why the violation did not come back, in one line; null where it did.</returns>
    public string? Replay(out Recording? recording)
    {
        recording = null;
        try
        {
            recording = Run.Replay(Schedule);
        }
        catch (ScheduleMismatchException e)
        {
            return e.Message;
        }

        string expected = $"a violation of {Schedule.Violation.Invariant} at step {Schedule.Steps}";
        if (recording.Violation is null)
        {
            return $"the schedule fits, but nothing is violated at its end: expected {expected}, found none in {Quantity.Count(recording.Steps, "step")}";
        }

        return string.Equals(recording.Violation.Invariant, Schedule.Violation.Invariant, StringComparison.Ordinal) && recording.Steps == Schedule.Steps
            ? null
            : $"the schedule fits, but something else is violated: expected {expected}, found {recording.Violation.Invariant} at step {recording.Steps}";
    }

    /// <summary>Says that the schedule did not come back.</summary>
    /// <param name="message">Why.</param>
    /// <param name="surroundings">Where it is said.</param>
    public void ReportFailure(string message, Surroundings surroundings)
    {
        string text = message.ReplaceLineEndings(" ");
        string version = string.Equals(Schedule.Tool, ToolVersion.Text, StringComparison.Ordinal) ? "" : $" (saved by version {Schedule.Tool}, this is {ToolVersion.Text})";
        surroundings.Error.Write($"mmu-stress: {Path}: {text}{version}; 'mmu-stress replay --adapt {Path}' looks for it near this schedule\n");
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

    // A schedule of a scenario file has the file in it.
    private static Scenario ScenarioOf(Schedule schedule, Surroundings surroundings)
    {
        if (!schedule.Parameters.TryGetValue(ScenarioParameters.FileKey, out string? file))
        {
            return Lookup.Scenario(schedule.Scenario, surroundings.Scenarios);
        }

        try
        {
            return new FileScenario(ScenarioFileReader.Parse(file, "its scenario file"));
        }
        catch (ScenarioFileException e)
        {
            throw new UsageException(e.Message);
        }
    }

    private static ScenarioRun RunOf(Schedule schedule, Surroundings surroundings)
    {
        Scenario scenario = ScenarioOf(schedule, surroundings);
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

        if (scenario is FileScenario)
        {
            parameters = scenario.Defaults with { Without = parameters.Without, Geometry = parameters.Geometry, Retries = parameters.Retries, Rounds = parameters.Rounds };
        }

        if (parameters.Problem() is { } problem)
        {
            throw new UsageException(problem);
        }

        HostEntry host = HostOption.Find(schedule.Host ?? ExploringHost.OwnName, surroundings);
        var run = new ScenarioRun(scenario, parameters, mmu)
        {
            Memory = memory,
            Mutation = schedule.Mutation,
            Host = host.Exploring ?? throw new UsageException($"host {host.Name} does not explore"),
        };
        ScenarioOptions.RequireExplorable(run);
        return run;
    }
}
