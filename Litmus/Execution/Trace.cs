namespace MmuStress.Litmus;

/// <summary>One way in which a process can run: its events with the values that its reads get, and its registers at the end.</summary>
internal sealed class Trace
{
    public required TraceEvent[] Events { get; init; }

    /// <summary>The value of each register; 0 where it was not set.</summary>
    public required long[] Registers { get; init; }

    /// <summary>What was wrong; null for a trace that reaches the end. It matters only where an execution with it is allowed.</summary>
    public required LitmusException? Failure { get; init; }

    /// <summary>The values that it can write, as numbers of <see cref="ValueTable"/>; set when all traces are known.</summary>
    public ulong[] Writes { get; set; } = [];

    /// <summary>The values that it writes, one number for each write.</summary>
    public int[] Written { get; set; } = [];

    /// <summary>The values that its read-modify-writes read, one number for each.</summary>
    public int[] Taken { get; set; } = [];

    /// <summary>The values that another process must write, as <see cref="Writes"/>.</summary>
    public ulong[] Needs { get; set; } = [];
}
