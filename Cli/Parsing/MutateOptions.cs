using System.CommandLine;
using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary>The options that say which operations are left out, and how long it is looked for what they are good for.</summary>
internal sealed class MutateOptions
{
    private const int MostWorkers = 1024;

    private readonly Option<string?> samples = new("-i") { HelpName = "N", Description = $"schedules sampled for an operation where not all can be searched (default: {DefaultSamples}; with 'all' {DefaultSamplesOfAll}, and as many executions searched)" };
    private readonly Option<string?> time = new("--time") { HelpName = "TIME", Description = $"for how long all executions are searched for each operation (default: {DefaultSeconds}s)" };
    private readonly Option<string?> seed = new("-r") { HelpName = "SEED", Description = "random seed (default: 1)" };
    private readonly Option<string?> workers = new("--workers") { HelpName = "N", Description = "threads (default: one for each core)" };
    private readonly Option<string?> site = new("--site") { HelpName = "TEXT", Description = "only operations whose site or name contains this" };
    private readonly Option<bool> host = new("--host") { Description = "also operations of the host's memory management and scheduler" };

    private const long DefaultSamples = 100_000;
    private const long DefaultSamplesOfAll = 5_000;
    private const int DefaultSeconds = 10;

    /// <summary>Offers the options.</summary>
    /// <param name="command">The verb.</param>
    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { samples, time, seed, workers, site, host })
        {
            command.Add(option);
        }
    }

    /// <summary>How long it is looked for what an operation is good for.</summary>
    /// <param name="parsed">What was typed.</param>
    /// <param name="isAll">Whether for many scenarios.</param>
    /// <returns>The limits.</returns>
    /// <exception cref="UsageException">A number is wrong.</exception>
    public MutationLimits ReadLimits(ParseResult parsed, bool isAll)
    {
        long most = parsed.GetValue(samples) is { } i ? Values.Number(i, "-i", 1, long.MaxValue) : isAll ? DefaultSamplesOfAll : DefaultSamples;
        TimeSpan limit = parsed.GetValue(time) is { } t ? Values.Time(t, "--time") : TimeSpan.FromSeconds(DefaultSeconds);
        ulong first = parsed.GetValue(seed) is { } r ? Values.Number(r, "-r", 0UL, ulong.MaxValue) : 1;
        var limits = new MutationLimits { Samples = most, Time = limit, Executions = isAll ? most : long.MaxValue, Seed = first };
        return limits with { FirstSamples = Math.Min(most, limits.FirstSamples) };
    }

    /// <summary>How many threads.</summary>
    /// <param name="parsed">What was typed.</param>
    /// <returns>At least 1.</returns>
    /// <exception cref="UsageException">It is no such number.</exception>
    public int ReadWorkers(ParseResult parsed) => parsed.GetValue(workers) is { } w ? Values.Number(w, "--workers", 1, MostWorkers) : Environment.ProcessorCount;

    /// <summary>What the site or the name of an operation must contain.</summary>
    /// <param name="parsed">What was typed.</param>
    /// <returns>The text; empty for any.</returns>
    public string ReadSite(ParseResult parsed) => parsed.GetValue(site) ?? "";

    /// <summary>Whether the host's memory management counts.</summary>
    /// <param name="parsed">What was typed.</param>
    /// <returns>True when it does.</returns>
    public bool ReadHost(ParseResult parsed) => parsed.GetValue(host);
}
