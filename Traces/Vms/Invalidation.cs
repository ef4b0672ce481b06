namespace MmuStress.Traces;

/// <summary>A call of invalidate_range_start with its end.</summary>
internal sealed class Invalidation
{
    public required ThreadState Thread;
    public required VmState? Vm;
    public required long Line;
    public required long Time;
    public required ulong Start;
    public required ulong End;

    /// <summary>The line of inv_begin; 0 where there is none.</summary>
    public long BeginLine;

    /// <summary>When it began under mmu_lock, or else when it was called.</summary>
    public long BeginTime;
    public bool HasProbe;
    public bool IsUnmapSeen;
    public bool IsAtEnd;
    public bool OverlapsFault;
    public bool OverlapsInvalidation;

    /// <summary>What it is for windows.</summary>
    public Act? Act;
}
