using System.CommandLine;
using MmuStress.Explorer;

namespace MmuStress.Cli;

/// <summary>The options that say how schedules are sampled, and how many.</summary>
internal sealed class SearchOptions
{
    private const int MostWorkers = 1024;
    private const int MostDepth = 1_000_000;

    private readonly Option<string?> iterations;
    private readonly Option<string?> seed = new("-r") { HelpName = "SEED", Description = "random seed (default: 1)" };
    private readonly Option<string?> strategy = new("--strategy") { HelpName = "NAME", Description = $"who runs next (default: {StrategyCatalog.Default}; 'mmu-stress list' names them)" };
    private readonly Option<string?> depth = new("--depth") { HelpName = "N", Description = "depth of pct, largest number of preemptions of preemption-bounded (default: 3)" };
    private readonly Option<string?> time = new("--time") { HelpName = "TIME", Description = "for how long at most, with 'all' for each row: 30s, 5m, 1h" };
    private readonly Option<string?> workers = new("--workers") { HelpName = "N", Description = "threads (default: one for each core)" };
    private readonly Option<bool> keepGoing = new("--keep-going") { Description = "goes on after a violation and looks for violations of other invariants" };

    /// <summary>The options.</summary>
    /// <param name="countDescription">What -i counts.</param>
    public SearchOptions(string countDescription) => iterations = new("-i") { HelpName = "N", Description = countDescription };

    /// <summary>Offers the options.</summary>
    /// <param name="command">The verb.</param>
    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { iterations, seed, strategy, depth, time, workers, keepGoing })
        {
            command.Add(option);
        }
    }

    /// <summary>The options as the explorer takes them.</summary>
    /// <param name="parsed">What was typed.</param>
    /// <param name="schedules">How many schedules where neither -i nor --time is given.</param>
    /// <param name="schedulesInTime">How many where --time is given and -i is not.</param>
    /// <returns>The options.</returns>
    /// <exception cref="UsageException">A name or a number is wrong.</exception>
    public ExplorationOptions Read(ParseResult parsed, long schedules, long schedulesInTime)
    {
        string name = parsed.GetValue(strategy) ?? StrategyCatalog.Default;
        Lookup.Require(name, StrategyCatalog.All.Select(s => s.Name), "strategy", "'mmu-stress list' names them");
        TimeSpan? limit = parsed.GetValue(time) is { } t ? Values.Time(t, "--time") : null;
        return new ExplorationOptions
        {
            Strategy = name,
            Seed = parsed.GetValue(seed) is { } r ? Values.Number(r, "-r", 0UL, ulong.MaxValue) : 1,
            Depth = parsed.GetValue(depth) is { } d ? Values.Number(d, "--depth", 1, MostDepth) : 3,
            Iterations = parsed.GetValue(iterations) is { } i ? Values.Number(i, "-i", 1, long.MaxValue) : limit is null ? schedules : schedulesInTime,
            Time = limit,
            Workers = parsed.GetValue(workers) is { } w ? Values.Number(w, "--workers", 1, MostWorkers) : Environment.ProcessorCount,
            KeepGoing = parsed.GetValue(keepGoing),
        };
    }
}
