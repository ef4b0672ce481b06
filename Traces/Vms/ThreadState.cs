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
    public bool? IsStaleByModel;
    public bool HasFaultin;
    public readonly FaultSteps Steps = new();
    public ulong FaultinSeq;
    public long LastLine;

    /// <summary>The line of the thread's last event before it entered the guest: it looked for a new root after that.</summary>
    public long BeforeEntryLine;

    /// <summary>Whether it was seen entering or leaving the guest since the beginning or the last gap.</summary>
    public bool IsKnown;
    public SlotMarker? SlotMarker;

    /// <summary>What the episodes know of it.</summary>
    public ExplainedThread Explained;

    /// <summary>The line at which, by a marker, its operation began.</summary>
    public long OperationLine;

    /// <summary>Whether it was seen to begin something since the beginning or the last gap.</summary>
    public bool HasBegun;

    /// <summary>The line of its last set_memslot.</summary>
    public long SetMemslotLine;

    /// <summary>Which it did last of entering the guest, leaving it, and going to user space.</summary>
    public KvmEvent Edge;

    /// <summary>What the last kvm_exit said of a nested page fault; null where it was none.</summary>
    public (ulong Error, ulong Gpa)? NestedFault;

    /// <summary>Whether its fault has invalidated memory itself since it began.</summary>
    public bool HasInvalidatedItself;

    /// <summary>The frames of its invalidations since the first that may still be in flight.</summary>
    public readonly List<(ulong First, ulong End)> Invalidated = [];

    /// <summary>Whether it is, by a marker, in a system call of the host's memory management, so that it zaps nothing but in notifiers.</summary>
    public bool IsInHostOperation;
    /// <summary>Whether it reads or clears, by a marker, a dirty log, so that it zaps nothing.</summary>
    public bool IsInDirtyLog;

    /// <summary>What a marker says that it does; kept where windows are cut.</summary>
    public ActKind Operation;
    public ThreadActs? Acts;

    /// <summary>Whether it is one of the kernel's threads that unmap what users have mapped.</summary>
    public bool IsReclaimer => Comm.StartsWith("ksmd", StringComparison.Ordinal) || Comm.StartsWith("kswapd", StringComparison.Ordinal)
        || Comm.StartsWith("khugepaged", StringComparison.Ordinal) || Comm.StartsWith("kcompactd", StringComparison.Ordinal);

    /// <summary>Whether an SPTE is of something that it may be invalidating.</summary>
    public bool Invalidates(SpteKey key) => Invalidated.Exists(i => key.Gfn < i.End && i.First < key.End);

    /// <summary>Whether this may be its name; trace_pipe does not always know one.</summary>
    public bool IsCalled(ReadOnlySpan<byte> comm)
    {
        if (comm.Length != Comm.Length)
        {
            return comm.SequenceEqual("<...>"u8) || Comm == "<...>";
        }

        for (int i = 0; i < comm.Length; i++)
        {
            if (Comm[i] != comm[i])
            {
                return false;
            }
        }

        return true;
    }

    public override string ToString() => $"{Comm}-{Pid}";

    public void Forget()
    {
        Fault = null;
        Open.Clear();
        Check = Check.None;
        HasFaultin = false;
        Steps.Begin();
        Edge = KvmEvent.Unknown;
        HasBegun = false;
        NestedFault = null;
        IsKnown = false;
        SlotMarker = null;
        IsInHostOperation = false;
        IsInDirtyLog = false;
        Operation = ActKind.None;
        Acts = null;
        Last = KvmEvent.Unknown;
    }
}
