using MmuStress.Explorer;

namespace MmuStress.Cli;

/// <summary>The folder in which schedules are saved. Nothing in it is overwritten by another schedule.</summary>
/// <param name="path">Its path, as the user gave it.</param>
internal sealed class ScheduleFolder(string path)
{
    /// <summary>Its path, as the user gave it.</summary>
    public string Path { get; } = path;

    /// <summary>Refuses the folder when schedules cannot be saved in it.</summary>
    /// <exception cref="UsageException">They cannot.</exception>
    public void RequireWritable() => Writable.RequireFolder(Path, "--out");

    /// <summary>Saves a schedule under a name of its own.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <returns>The file's path.</returns>
    /// <exception cref="UsageException">It cannot be written.</exception>
    public string Save(Schedule schedule)
    {
        string text = ScheduleFile.ToText(schedule);
        string name = System.IO.Path.GetFileNameWithoutExtension(ScheduleFile.NameOf(schedule));
        try
        {
            // Four digits of a digest are not many: another schedule may have the name already.
            string file = System.IO.Path.Combine(Path, $"{name}.json");
            for (int number = 2; File.Exists(file) && !string.Equals(File.ReadAllText(file), text, StringComparison.Ordinal); number++)
            {
                file = System.IO.Path.Combine(Path, $"{name}-{number}.json");
            }

            ScheduleFile.Write(schedule, file);
            return file;
        }
        catch (Exception e) when (Writable.IsRefusal(e))
        {
            throw new UsageException($"the schedule cannot be saved in {Path}: {e.Message}");
        }
    }
}
