using System.Diagnostics;
using System.Text.Json.Nodes;

namespace MmuStress.Cli;

/// <summary><c>replay</c> of several files, or of all in a folder: which of the saved schedules still come back.</summary>
internal static class ReplayMany
{
    /// <summary>The schedule files that the arguments name: files as they are, folders with everything in them that ends in .json.</summary>
    /// <param name="paths">The arguments.</param>
    /// <returns>The files, in order.</returns>
    /// <exception cref="UsageException">A folder holds none.</exception>
    public static IReadOnlyList<string> FilesOf(IReadOnlyList<string> paths)
    {
        var files = new List<string>();
        foreach (string path in paths)
        {
            if (!Directory.Exists(path))
            {
                files.Add(path);
                continue;
            }

            string[] inside = Directory.GetFiles(path, "*.json").Order(StringComparer.Ordinal).ToArray();
            if (inside.Length == 0)
            {
                throw new UsageException($"{path}: there is no schedule in this folder");
            }

            files.AddRange(inside);
        }

        return files;
    }

    /// <summary>Replays them all, saying which do not come back.</summary>
    /// <param name="files">The schedule files.</param>
    /// <param name="outputs">Where results go.</param>
    /// <param name="surroundings">What it runs in.</param>
    /// <returns>The exit code: 0 when every one came back.</returns>
    public static int Run(IReadOnlyList<string> files, Outputs outputs, Surroundings surroundings)
    {
        var watch = Stopwatch.StartNew();
        var cases = new List<JUnitCase>();
        var failed = new List<string>();
        int replayed = 0;
        foreach (string file in files)
        {
            if (surroundings.IsInterrupted)
            {
                break;
            }

            double before = watch.Elapsed.TotalSeconds;
            SavedSchedule saved = SavedSchedule.Read(file, surroundings);
            string? problem = saved.Replay(out _);
            replayed++;
            cases.Add(new JUnitCase(saved.Run.Scenario.Name, file, watch.Elapsed.TotalSeconds - before, problem, ""));
            if (problem is not null)
            {
                failed.Add(file);
                saved.ReportFailure(problem, surroundings);
            }
        }

        if (outputs.Json)
        {
            ResultJson.Print(
                new JsonObject
                {
                    ["command"] = "replay",
                    ["replayed"] = replayed,
                    ["failed"] = new JsonArray(failed.Select(f => (JsonNode?)f).ToArray()),
                    ["seconds"] = watch.Elapsed.TotalSeconds,
                },
                surroundings.Out);
        }
        else
        {
            surroundings.Out.Write($"{Quantity.Count(replayed, "schedule")} replayed, {failed.Count} did not come back\n");
        }

        if (outputs.JUnit is not null)
        {
            JUnitReport.Write(outputs.JUnit, "replay", cases);
        }

        return surroundings.IsInterrupted ? ExitCode.Interrupted : failed.Count == 0 ? ExitCode.Held : ExitCode.Violated;
    }
}
