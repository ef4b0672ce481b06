namespace MmuStress.Traces;

/// <summary>A part of a trace in which operations of several threads overlap, and outside of which none goes on.</summary>
internal sealed class Window
{
    /// <summary>How many threads' steps can be told apart; the rest is for the ends of invalidations.</summary>
    public const int MostThreads = 24;

    /// <summary>How many invalidations there can be.</summary>
    public const int MostInvalidations = 36;

    /// <summary>What happened, in the order of the trace.</summary>
    public List<WindowEvent> Events { get; } = [];

    /// <summary>The threads' names.</summary>
    public List<string> Threads { get; } = [];

    /// <summary>The invalidations.</summary>
    public List<WindowInvalidation> Invalidations { get; } = [];

    /// <summary>Whether there is a TDP MMU, where faults take mmu_lock for read.</summary>
    public bool HasTdpMmu { get; set; }

    /// <summary>Whether there is no room for another thread or invalidation.</summary>
    public bool IsFull => Threads.Count >= MostThreads || Invalidations.Count >= MostInvalidations;

    /// <summary>Makes room for the next one.</summary>
    public void Clear()
    {
        Events.Clear();
        Threads.Clear();
        Invalidations.Clear();
    }
}
