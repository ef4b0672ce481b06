namespace MmuStress.Traces;

/// <summary>A fault in flight.</summary>
internal sealed class FaultState
{
    public required ThreadState Thread;
    public required long Line;
    public required long Time;
    public required ulong Gpa;

    /// <summary>Its error code.</summary>
    public required ulong Error;

    /// <summary>The frame.</summary>
    public ulong Gfn => Gpa >> 12;

    public bool IsWrite => (Error & 2) != 0;

    /// <summary>What kvm_mmu_set_spte read.</summary>
    public ulong Spte;

    /// <summary>Whether it has made its entry a leaf, or another one: which, of what level, in which line.</summary>
    public bool HasChanged;
    public ulong Changed;
    public int ChangedLevel;
    public long ChangedLine;

    /// <summary>Whether its thread has gone to user space since.</summary>
    public bool IsLeft;

    /// <summary>The line of the leaf that it installed; 0 where it has not.</summary>
    public long InstalledLine;

    /// <summary>The page that it asked to map.</summary>
    public ulong RequestedPfn;

    /// <summary>0 where it is not known.</summary>
    public ulong Hva;

    /// <summary>When it looked at the sequence, or else when it asked for the SPTE.</summary>
    public long DecisionTime = -1;
    public bool IsRequested;
    public bool IsSet;
    public bool IsFast;

    /// <summary>Whether it came to fast_page_fault().</summary>
    public bool HasFast;
    public bool IsSpurious;
    public bool IsMmio;
    public bool IsAsync;
    public bool IsFailed;
    public bool HasResult;
    public int Result;

    /// <summary>Invalidations by other threads that were in flight at the same time; the last four.</summary>
    public readonly Invalidation?[] Beside = new Invalidation?[4];
    public int BesideCount;
}
