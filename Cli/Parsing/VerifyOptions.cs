using System.CommandLine;
using MmuStress.Explorer;

namespace MmuStress.Cli;

/// <summary>The options that say how a scenario is searched exhaustively.</summary>
internal sealed class VerifyOptions
{
    private const int MostWorkers = 1024;
    private const int MostPreemptions = 1_000_000;

    private readonly Option<string?> executions = new("-i") { HelpName = "N", Description = "executions at most (default: no limit)" };
    private readonly Option<string?> time = new("--time") { HelpName = "TIME", Description = $"for how long at most: 30s, 5m, 1h (default: no limit; with 'all' {VerifyAll.DefaultSeconds}s for each row)" };
    private readonly Option<string?> workers = new("--workers") { HelpName = "N", Description = "threads (default: one for each core)" };
    private readonly Option<string?> bound = new("--bound") { HelpName = "N", Description = "only schedules with at most N preemptions, those with fewer first; complete then means within the bound" };
    private readonly Option<bool> noSymmetry = new("--no-symmetry") { Description = "counts each execution graph, as other tools do: also those that differ only in which of several equal actors is which, or in the order of critical sections that commute" };

    private readonly Option<string?> checkpoint = new("--checkpoint") { HelpName = "FILE", Description = "where a search that is stopped before it is complete is kept" };
    private readonly Option<string?> resume = new("--resume") { HelpName = "FILE", Description = "goes on with a search that was kept; it must be of the same scenario" };

    /// <summary>Where a stopped search is kept; null for nowhere.</summary>
    /// <param name="parsed">What was typed.</param>
    /// <returns>The file.</returns>
    /// <exception cref="UsageException">It cannot be written.</exception>
    public string? CheckpointOf(ParseResult parsed)
    {
        string? path = parsed.GetValue(checkpoint);
        if (path is not null)
        {
            Writable.RequireFile(path, checkpoint.Name);
        }

        return path;
    }

    /// <summary>The kept search that is gone on with; null for none.</summary>
    /// <param name="parsed">What was typed.</param>
    /// <returns>The file.</returns>
    public string? ResumedOf(ParseResult parsed) => parsed.GetValue(resume);

    /// <summary>Offers the options.</summary>
    /// <param name="command">The verb.</param>
    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { executions, time, workers, bound, noSymmetry, checkpoint, resume })
        {
            command.Add(option);
        }
    }

    /// <summary>The options as the search takes them.</summary>
    /// <param name="parsed">What was typed.</param>
    /// <param name="defaultTime">For how long where nobody says; null for no limit.</param>
    /// <returns>The options, and the largest number of preemptions; null for any number.</returns>
    /// <exception cref="UsageException">A number is wrong.</exception>
    public (VerificationOptions Options, int? Bound) Read(ParseResult parsed, TimeSpan? defaultTime)
    {
        var options = new VerificationOptions
        {
            Executions = parsed.GetValue(executions) is { } i ? Values.Number(i, "-i", 1, long.MaxValue) : long.MaxValue,
            Time = parsed.GetValue(time) is { } t ? Values.Time(t, "--time") : defaultTime,
            Workers = parsed.GetValue(workers) is { } w ? Values.Number(w, "--workers", 1, MostWorkers) : Environment.ProcessorCount,
            UsesSymmetry = !parsed.GetValue(noSymmetry),
        };
        return (options, parsed.GetValue(bound) is { } b ? Values.Number(b, "--bound", 0, MostPreemptions) : null);
    }
}
