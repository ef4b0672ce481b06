using MmuStress.Explorer;
using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary>A stopped search in a file: kept, and taken up again.</summary>
internal static class SavedSearch
{
    /// <summary>Keeps a search.</summary>
    /// <param name="run">What is searched.</param>
    /// <param name="left">What is left to do.</param>
    /// <param name="path">Where.</param>
    /// <exception cref="UsageException">It cannot be written.</exception>
    public static void Write(ScenarioRun run, Checkpoint left, string path)
    {
        try
        {
            CheckpointFile.Write(left, About(run), path);
        }
        catch (Exception e) when (Writable.IsRefusal(e))
        {
            throw new UsageException($"{path}: cannot be written: {e.Message}");
        }
    }

    /// <summary>Reads a search that was kept.</summary>
    /// <param name="run">What is searched now.</param>
    /// <param name="usesSymmetry">Whether interchangeable actors count once now.</param>
    /// <param name="path">The file.</param>
    /// <returns>What is left to do.</returns>
    /// <exception cref="UsageException">It is none, or one of something else.</exception>
    public static Checkpoint Read(ScenarioRun run, bool usesSymmetry, string path)
    {
        (Checkpoint checkpoint, IReadOnlyDictionary<string, string> about) = Load(path);
        Dictionary<string, string> present = About(run);
        present.TryAdd(ScenarioParameters.FileKey, "");
        foreach ((string name, string now) in present)
        {
            string then = about.GetValueOrDefault(name, "");
            if (!string.Equals(then, now, StringComparison.Ordinal))
            {
                throw new UsageException(string.Equals(name, ScenarioParameters.FileKey, StringComparison.Ordinal)
                    ? $"{path}: it is a search of {(then.Length == 0 ? "no" : "another")} scenario file"
                    : $"{path}: it is a search with {name} '{then}', not '{now}'");
            }
        }

        return checkpoint.UsesSymmetry == usesSymmetry
            ? checkpoint
            : throw new UsageException($"{path}: it is a search {(usesSymmetry ? "with" : "without")} --no-symmetry");
    }

    private static (Checkpoint Checkpoint, IReadOnlyDictionary<string, string> About) Load(string path)
    {
        try
        {
            return Directory.Exists(path) ? throw new UsageException($"{path}: it is a folder, not a checkpoint") : CheckpointFile.Read(path);
        }
        catch (ScheduleFormatException e)
        {
            throw new UsageException($"{path}: {e.Message}");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UsageException($"{path}: there is no such file");
        }
        catch (Exception e) when (Writable.IsRefusal(e))
        {
            throw new UsageException($"{path}: it cannot be read: {e.Message}");
        }
    }

    private static Dictionary<string, string> About(ScenarioRun run) => new(run.Parameters.ToDictionary(), StringComparer.Ordinal)
    {
        ["tool"] = ToolVersion.Text,
        ["scenario"] = run.Scenario.Name,
        ["mmu"] = run.Mmu,
        ["memory"] = run.Memory,
    };
}
