using System.CommandLine;
using System.Diagnostics;
using MmuStress.Traces;

namespace MmuStress.Cli;

/// <summary><c>trace</c>: what a recording of a real KVM shows, and whether the protocol allows it.</summary>
internal static class TraceVerb
{
    /// <summary>The verb.</summary>
    /// <param name="surroundings">What it runs in.</param>
    /// <returns>Its command.</returns>
    public static Command Create(Surroundings surroundings)
    {
        var paths = new Argument<string[]>("FILE") { Description = "what ftrace (trace, trace_pipe), 'trace-cmd report' or 'perf script' printed", Arity = ArgumentArity.OneOrMore };
        var import = new Option<string?>("--import") { HelpName = "DIR", Description = "cuts windows around what overlapped into scenario files there" };
        var outputs = new OutputOptions(hasFolder: false, hasJUnit: false);
        var command = new Command("trace", "reads real KVM ftrace output: what happened, and whether KVM's protocol allows it") { paths, import };
        outputs.AddTo(command);
        command.SetAction(parsed =>
        {
            Outputs opened = outputs.Read(parsed);
            string[] files = parsed.GetRequiredValue(paths);
            foreach (string file in files)
            {
                Require(file);
            }

            WindowImport? windows = parsed.GetValue(import) is { } folder ? new WindowImport(folder) : null;
            windows?.Require();
            var summaries = new List<(string File, TraceSummary Summary, double Seconds)>();
            foreach (string file in files.TakeWhile(_ => !surroundings.IsInterrupted))
            {
                var watch = Stopwatch.StartNew();
                TraceSummary summary = Read(file, windows, opened.ShowsProgress, surroundings);
                summaries.Add((file, summary, watch.Elapsed.TotalSeconds));
            }

            windows?.Write(files);
            return new TraceReport(summaries, windows).Print(opened.Json, surroundings);
        });
        return command;
    }

    private static void Require(string file)
    {
        if (Directory.Exists(file))
        {
            throw new UsageException($"{file}: this is a folder, not a trace");
        }

        if (!File.Exists(file))
        {
            throw new UsageException($"{file}: there is no such file");
        }
    }

    private static TraceSummary Read(string file, WindowImport? windows, bool showsProgress, Surroundings surroundings)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0, FileOptions.SequentialScan);
            var reader = new TraceReader(windows?.Windows);

            // A pipe has no length, and files of tracefs say 0.
            double size = stream.CanSeek && stream.Length > 0 ? stream.Length : double.PositiveInfinity;
            var watch = Stopwatch.StartNew();
            return ProgressMeter.Show(
                surroundings,
                showsProgress,
                () => new ProgressSnapshot($"trace {Path.GetFileName(file)}", "lines", reader.Lines, null, watch.Elapsed.TotalSeconds, null, null, reader.Bytes / size),
                () => reader.Read(stream, surroundings.Cancellation));
        }
        catch (TraceFormatException e)
        {
            throw new UsageException($"{file}: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file}: {e.Message}");
        }
    }
}
