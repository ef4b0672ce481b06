namespace MmuStress.Explorer.Tests;

/// <summary>What a search of all executions of a program saw.</summary>
internal sealed class Seen
{
    /// <summary>How many complete executions there were.</summary>
    public long Executions { get; set; }

    /// <summary>How many were cut short.</summary>
    public long Blocked { get; set; }

    /// <summary>Whether the search was given up, since there are too many.</summary>
    public bool IsCut { get; set; }

    /// <summary>The traces, each with a schedule.</summary>
    public Dictionary<TraceKey, ushort[]> Traces { get; } = [];

    /// <summary>What came out: the values that operations returned and the final memory.</summary>
    public SortedSet<string> Outcomes { get; } = new(StringComparer.Ordinal);

    /// <summary>The invariants that were violated.</summary>
    public SortedSet<string> Violations { get; } = new(StringComparer.Ordinal);
}
