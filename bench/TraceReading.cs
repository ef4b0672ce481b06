using System.Diagnostics;
using System.Globalization;
using System.Threading;
using MmuStress.Traces;

namespace MmuStress.Bench;

/// <summary>How fast a trace is read and explained: recordings, repeated with later times to the length that is asked for.</summary>
internal static class TraceReading
{
    /// <summary>Reads, and prints lines a second, the largest working set, and the verdict.</summary>
    /// <param name="lines">How many lines, at least.</param>
    /// <param name="files">The recordings.</param>
    public static void Run(long lines, IReadOnlyList<string> files)
    {
        var text = new RepeatedTrace(files, lines);
        Stopwatch watch = Stopwatch.StartNew();
        TraceSummary summary = new TraceReader().Read(text, CancellationToken.None);
        double seconds = watch.Elapsed.TotalSeconds;
        using var process = Process.GetCurrentProcess();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{summary.Lines:N0} lines, {summary.Lines / seconds:N0} a second, {process.PeakWorkingSet64 >> 20} MB at most, {summary.Verdict}, {summary.EpisodesSearched} episodes searched"));
    }
}
