namespace MmuStress.Traces;

/// <summary>A part of a trace in which operations of several threads overlap, and outside of which none goes on.</summary>
internal sealed class Episode
{
    /// <summary>How many threads there can be: each may have some CPUs more for the ends of its invalidations.</summary>
    public const int MostThreads = 15;

    /// <summary>What happened, in the order of the trace.</summary>
    public List<EpisodeEvent> Events { get; } = [];

    /// <summary>The threads' names.</summary>
    public List<string> Threads { get; } = [];

    /// <summary>The invalidations.</summary>
    public List<EpisodeInvalidation> Invalidations { get; } = [];

    /// <summary>Whether there is a TDP MMU, where faults take mmu_lock for read.</summary>
    public bool HasTdpMmu { get; set; }

    /// <summary>Whether ranges of invalidations are of guest frames, as since v6.8, or of host virtual addresses; null where it is not known.</summary>
    public bool? ByGfn { get; set; }

    /// <summary>Whether it goes on because what there was of it could not be explained.</summary>
    public bool IsHeld { get; set; }

    /// <summary>Whether there is no room for another thread.</summary>
    public bool IsFull => Threads.Count >= MostThreads;

    /// <summary>Makes room for the next one.</summary>
    public void Clear()
    {
        IsHeld = false;
        Events.Clear();
        Threads.Clear();
        Invalidations.Clear();
    }
}
