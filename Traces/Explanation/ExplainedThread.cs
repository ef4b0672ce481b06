namespace MmuStress.Traces;

/// <summary>What the episodes know of a thread.</summary>
internal struct ExplainedThread
{
    /// <summary>By whom it has a number.</summary>
    public EpisodeCutter? Cutter;

    /// <summary>In which episode, by its number.</summary>
    public int Episode;

    /// <summary>Its number there.</summary>
    public int Index;

    /// <summary>Whether it is in a fault.</summary>
    public bool IsInFault;

    /// <summary>How many invalidations it has in flight.</summary>
    public int Invalidations;

    /// <summary>At which event of the episode the last of them began.</summary>
    public int Since;
}
