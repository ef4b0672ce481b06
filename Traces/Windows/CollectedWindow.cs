namespace MmuStress.Traces;

/// <summary>A window, and how often it was cut.</summary>
/// <param name="window">The window.</param>
/// <param name="trace">The number of the trace in which it came first, from 0.</param>
/// <param name="from">The first line of the first one.</param>
/// <param name="to">The last line of the first one.</param>
public sealed class CollectedWindow(Window window, int trace, long from, long to)
{
    /// <summary>The window.</summary>
    public Window Window => window;

    /// <summary>The number of the trace in which it came first, from 0.</summary>
    public int Trace => trace;

    /// <summary>The first line of the first one.</summary>
    public long From => from;

    /// <summary>The last line of the first one.</summary>
    public long To => to;

    /// <summary>How many there were.</summary>
    public long Count { get; internal set; } = 1;
}
