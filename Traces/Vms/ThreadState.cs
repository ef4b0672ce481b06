namespace MmuStress.Traces;

/// <summary>What is known of a thread.</summary>
internal sealed class ThreadState
{
    public required int Pid;
    public required string Comm;
    public VmState? Vm;

    /// <summary>Whether its VM is certain: by its thread group, or because it is a vCPU of it.</summary>
    public bool IsVmCertain;
    public int Vcpu = -1;
    public KvmEvent Last;
    public FaultState? Fault;
    public readonly List<Invalidation> Open = [];

    // Of the fault that the thread is at, by the probes.
    public Check Check;
    public long CheckLine;
    public TraceRecord Stale;
    public bool HasFaultin;
    public ulong FaultinSeq;
    public long LastLine;

    /// <summary>The line of the thread's last event before it entered the guest: it looked for a new root after that.</summary>
    public long BeforeEntryLine;

    /// <summary>Whether it was seen entering or leaving the guest since the beginning or the last gap.</summary>
    public bool IsKnown;
    public SlotMarker? SlotMarker;

    /// <summary>What the episodes know of it.</summary>
    public ExplainedThread Explained;

    /// <summary>Whether it is, by a marker, in a system call of the host's memory management, so that it zaps nothing but in notifiers.</summary>
    public bool IsInHostOperation;
    /// <summary>What a marker says that it does; kept where windows are cut.</summary>
    public ActKind Operation;
    public ThreadActs? Acts;

    public override string ToString() => $"{Comm}-{Pid}";

    public void Forget()
    {
        Fault = null;
        Open.Clear();
        Check = Check.None;
        HasFaultin = false;
        IsKnown = false;
        SlotMarker = null;
        IsInHostOperation = false;
        Operation = ActKind.None;
        Acts = null;
        Last = KvmEvent.Unknown;
    }
}
