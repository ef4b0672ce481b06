namespace MmuStress.Explorer;

/// <summary>How to sample.</summary>
public sealed record ExplorationOptions
{
    /// <summary>The strategy's name, of <see cref="StrategyCatalog"/>.</summary>
    public string Strategy { get; init; } = StrategyCatalog.Default;

    /// <summary>The seed; the same seed gives the same result, whatever the number of workers.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>PCT's depth, or the largest number of preemptions; at least 1.</summary>
    public int Depth { get; init; } = 3;

    /// <summary>How many schedules at most, at least 1.</summary>
    public long Iterations { get; init; } = 100_000;

    /// <summary>For how long at most; null for no limit.</summary>
    public TimeSpan? Time { get; init; }

    /// <summary>How many workers, at least 1.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Whether to go on after a violation and find others.</summary>
    public bool KeepGoing { get; init; }

    /// <summary>When a run counts as endless.</summary>
    public ExplorationLimits Limits { get; init; } = new();

    /// <summary>What a read may see.</summary>
    public MemoryModel Memory { get; init; } = MemoryModel.Sc;

    /// <summary>How many 64-bit words a page has.</summary>
    public int WordsPerPage { get; init; } = 512;

    internal ExploredMachine NewMachine() => new(Limits, WordsPerPage, Memory);
}
