namespace MmuStress.Traces;

/// <summary>What the windows know of a thread.</summary>
internal struct ExplainedThread
{
    /// <summary>By whom it has a number.</summary>
    public WindowCutter? Cutter;

    /// <summary>In which window.</summary>
    public int Window;

    /// <summary>Its number there.</summary>
    public int Index;

    /// <summary>Whether it is in a fault.</summary>
    public bool IsInFault;

    /// <summary>How many invalidations it has in flight.</summary>
    public int Invalidations;

    /// <summary>At which event of the window the last of them began.</summary>
    public int Since;
}
