namespace MmuStress.Traces;

/// <summary>Whether the protocol allows what a trace shows.</summary>
public enum TraceVerdict
{
    /// <summary>It does, as far as the probes show.</summary>
    Explained,

    /// <summary>It does not.</summary>
    NotExplained,

    /// <summary>The trace does not say enough.</summary>
    Undecided,
}
