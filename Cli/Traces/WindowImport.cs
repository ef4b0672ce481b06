using System.Globalization;
using MmuStress.Scenarios;
using MmuStress.Traces;

namespace MmuStress.Cli;

/// <summary><c>--import</c>: writes the windows of traces as scenario files.</summary>
/// <param name="folder">The folder, as the user gave it.</param>
internal sealed class WindowImport(string folder)
{
    private const string Option = "--import";
    private readonly List<ImportedFile> files = [];

    /// <summary>Takes the windows while traces are read.</summary>
    public WindowCollection Windows { get; } = new();

    /// <summary>The folder, as the user gave it.</summary>
    public string Folder => folder;

    /// <summary>What was written.</summary>
    public IReadOnlyList<ImportedFile> Files => files;

    /// <summary>Refuses the folder when nothing can be written there.</summary>
    /// <exception cref="UsageException">Nothing can.</exception>
    public void Require()
    {
        if (File.Exists(folder))
        {
            throw new UsageException($"{Option} {folder}: this is a file, not a folder");
        }

        Writable.RequireFolder(folder, Option);
    }

    /// <summary>Writes a file for each window. What an earlier import left under a name is written over; nothing else is touched.</summary>
    /// <param name="traces">The traces' paths, by number.</param>
    /// <exception cref="UsageException">A file cannot be written, or is there already and comes from no trace; then none is written.</exception>
    public void Write(IReadOnlyList<string> traces)
    {
        var texts = new List<(ImportedFile File, string Text)>();
        foreach (IGrouping<string, CollectedWindow> kind in Windows.Windows.GroupBy(w => w.Window.Kind).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            int number = 1;
            foreach (CollectedWindow window in kind.OrderByDescending(w => w.Count))
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"{window.Window.Kind}-{number}");
                string source = string.Create(CultureInfo.InvariantCulture, $"{OneLine(Path.GetFileName(traces[window.Trace]))} lines {window.From} to {window.To}");
                try
                {
                    string text = ScenarioFileWriter.ToText(FileOf(window, name, source));
                    texts.Add((new ImportedFile(Path.Combine(folder, name + ScenarioFile.Extension), kind.Key, window.Count, window.Trace, source), text));
                    number++;
                }
                catch (ScenarioFileException e)
                {
                    Windows.LeaveOut($"no scenario file can say it: {e.Message}", window.Count);
                }
            }
        }

        foreach ((ImportedFile file, _) in texts)
        {
            RequireImported(file.Path);
        }

        foreach ((ImportedFile file, string text) in texts)
        {
            Writable.Write(file.Path, System.Text.Encoding.UTF8.GetBytes(text));
            files.Add(file);
        }

        Make();
    }

    private static ScenarioFile FileOf(CollectedWindow collected, string name, string source)
    {
        Window window = collected.Window;
        return new ScenarioFile
        {
            Name = name,
            Summary = string.Join(", ", window.Actors.Select(a => $"{a.Name} {string.Join(" and ", a.Does.Select(o => o.Do))}")),
            Source = source,
            Windows = (ulong)collected.Count,
            Backing = window.IsShared ? "shmem" : "anonymous",
            Slots = [.. window.Slots.Select(s => new ScenarioFileSlot(s.Number, s.Gfn, s.Pages, s.Page, s.Flags))],
            Untouched = [.. window.Untouched.Select(p => new ScenarioFilePages(p))],
            Mapped = [.. window.Mapped.Select(m => new ScenarioFileMapping(m.Gfn, m.Pages, m.Write))],
            Actors = [.. window.Actors.Select(a => new ScenarioFileActor(a.Name, a.Kind, [.. a.Does.Select(OperationOf)]))],
        };
    }

    private static ScenarioFileOperation OperationOf(WindowOperation operation) => new(operation.Do)
    {
        Gfn = operation.Gfn,
        Page = operation.Page,
        Pages = operation.Pages,
        To = operation.To,
        With = operation.With,
        Slot = operation.Slot,
        Flags = operation.Flags,
    };

    private static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));

    // A file that somebody wrote by hand is not ours to write over.
    private static void RequireImported(string path)
    {
        if (Directory.Exists(path))
        {
            throw new UsageException($"{Option}: {path} is a folder");
        }

        try
        {
            if (File.Exists(path) && ScenarioFileReader.Read(path).Windows is not null)
            {
                return;
            }
        }
        catch (ScenarioFileException)
        {
            // No scenario file at all.
        }
        catch (Exception e) when (Writable.IsRefusal(e))
        {
            throw new UsageException($"{Option}: {path} cannot be read: {e.Message}");
        }

        if (File.Exists(path))
        {
            throw new UsageException($"{Option}: {path} is there already and was not imported; nothing was written");
        }
    }

    private void Make()
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (Writable.IsRefusal(e))
        {
            throw new UsageException($"{Option} {folder}: cannot be made: {e.Message}");
        }
    }
}
