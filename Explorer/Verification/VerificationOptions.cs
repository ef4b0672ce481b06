namespace MmuStress.Explorer;

/// <summary>How to search exhaustively.</summary>
public sealed record VerificationOptions
{
    /// <summary>How many executions at most, at least 1, those cut short included.</summary>
    public long Executions { get; init; } = long.MaxValue;

    /// <summary>For how long at most; null for no limit.</summary>
    public TimeSpan? Time { get; init; }

    /// <summary>How many workers, at least 1.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>
    /// Whether executions that differ only in which of several interchangeable CPUs did what, or, under sequential consistency, in the
    /// order of critical sections that commute, count once.
    /// </summary>
    public bool UsesSymmetry { get; init; }

    /// <summary>The search that is gone on with; null to begin one.</summary>
    public Checkpoint? Resumed { get; init; }

    /// <summary>What a read may see.</summary>
    public MemoryModel Memory { get; init; } = MemoryModel.Sc;

    /// <summary>When a run counts as endless.</summary>
    public ExplorationLimits Limits { get; init; } = new();

    /// <summary>How many 64-bit words a page has.</summary>
    public int WordsPerPage { get; init; } = 512;

    internal ExploredMachine NewMachine() => new(Limits, WordsPerPage, Memory);
}
