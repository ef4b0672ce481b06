namespace MmuStress.Traces;

/// <summary>How far a fault is with its look at the sequence.</summary>
internal enum Check : byte
{
    /// <summary>Not there yet, or through.</summary>
    None,

    /// <summary>stale_check was seen, its result was not.</summary>
    Asked,

    /// <summary>Nothing was invalidated: the SPTE may be installed while mmu_lock is held.</summary>
    Fresh,

    /// <summary>The fault must be tried again.</summary>
    Stale,
}
