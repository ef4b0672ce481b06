namespace MmuStress.Traces;

/// <summary>What is known of a VM while its trace is read.</summary>
/// <param name="number">From 1, in order of appearance.</param>
/// <param name="owner">The first thread of it.</param>
/// <param name="firstLine">Where it begins.</param>
/// <param name="findings">Takes the races.</param>
/// <param name="conclusions">Takes what the protocol does not allow.</param>
/// <param name="explainer">Finds orders of unseen steps.</param>
/// <param name="windows">Cuts windows; null where nobody wants them.</param>
internal sealed partial class VmState(
    int number, ThreadState owner, long firstLine, Findings findings, Conclusions conclusions, Explainer explainer, WindowCutter? windows)
{
    private readonly InvalidationChain chain = new();
    private readonly MemslotSteps memslots = new();
    private readonly RecordedEvents recorded = new();
    private readonly RecentRecords recent = new();
    private readonly List<FaultState> faults = [];
    private readonly List<Invalidation> invalidations = [];
    private readonly List<SlotMarker> slots = [];
    private readonly HashSet<int> ran = [];
    private SpteLives? sptes;
    private long lastSectionLine;
    private ThreadState? rootInvalidator;
    private ThreadState? rangeZapper;

    // By which line they were, for the last time; what was before the trace or lost may have made them so.
    private long rootsSurelyObsolete = 1;
    private bool seesFaultResults;
    private bool seesChecks;
    private bool seesMemslots;
    private bool seesSets;
    private bool seesBegins;

    public int Number => number;

    public ThreadState Owner => owner;

    /// <summary>The thread group; 0 where it is not printed.</summary>
    public int Tgid { get; set; }

    /// <summary>Whether only threads are known of it that are none of its vCPUs and did not make it: its thread group may be another one.</summary>
    public bool IsGuessed => Vcpus.Count == 0 && !isSeenFromTheBeginning;

    /// <summary>The trace shows how it is made.</summary>
    public void BeginsHere()
    {
        if (findings.BeginningIsLost)
        {
            return; // of some CPUs more than of others
        }

        rootsSurelyObsolete = 0;
        isSeenFromTheBeginning = true;
        episodes.Table.BeginEmpty();
    }

    /// <summary>The vCPUs' threads, by the vCPU's number.</summary>
    public Dictionary<int, ThreadState> Vcpus { get; } = [];

    public TraceCounts Counts { get; } = new();

    public long LastLine { get; private set; }

    public bool HasSlot(ulong start, ulong end)
    {
        foreach (SlotMarker slot in slots)
        {
            if (slot.Has(start, end))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A vCPU is this thread.</summary>
    public void Bind(int vcpu, ThreadState thread)
    {
        Vcpus[vcpu] = thread;
        ran.Add(vcpu);
        thread.Vm = this;
        thread.Vcpu = vcpu;
        thread.IsVmCertain = true;
    }

    /// <summary>Whether its threads' ids lie among those of another VM, so that some may be taken for the other's.</summary>
    public bool IsMixedWith(VmState other) => LowestPid <= other.HighestPid && other.LowestPid <= HighestPid;

    /// <summary>From now on nothing of it is refused.</summary>
    public void Doubt() => conclusions.IsDoubtful = true;

    private int LowestPid => Vcpus.Values.Append(owner).Min(t => t.Pid);

    private int HighestPid => Vcpus.Values.Append(owner).Max(t => t.Pid);

    /// <summary>After lost events nothing is concluded from what was before.</summary>
    /// <param name="since">The line behind which they are missing.</param>
    public void Forget(long since)
    {
        conclusions.Retract(since);
        Counts.Unfinished += faults.Count;
        faults.Clear();
        invalidations.Clear();
        chain.Forget();
        memslots.Forget();
        recent.Clear();
        sptes?.Forget();
        rootInvalidator = null;
        rangeZapper = null;
        rootsSurelyObsolete = LastLine + 1;
        ForgetSteps();
        ForgetEpisodes();
        windows?.Forget();
    }

    public VmSummary Finish()
    {
        episodes.Cut();
        if (dirtyLog.Refused is { } refused)
        {
            conclusions.Refuse(refused.Line, refused.Message);
        }

        conclusions.Report(recorded.Missing);
        Counts.Unfinished += faults.Count;
        faults.Clear();
        windows?.Finish();
        return new VmSummary(number, owner.ToString(), ran.Count, firstLine, [.. slots.OrderBy(s => s.Slot).Select(s => s.ToString())], Counts);
    }

    public void Take(ThreadState t, in TraceRecord r)
    {
        LastLine = r.Line;
        conclusions.Now = r.Line;
        isWholeVm ??= isSeenFromTheBeginning || r.Kind is KvmEvent.MasterClock or KvmEvent.ApicvInhibit or KvmEvent.TrackTsc;
        recent.Add(r);
        recorded.Add(r);
        SkipZapOfRange(t, r);
        CheckSteps(t, r);
        Explain(t, r);
        if (rootInvalidator == t)
        {
            rootsSurelyObsolete = r.Line;
            rootInvalidator = null;
        }

        switch (r.Kind)
        {
            case KvmEvent.Entry:
                Entry(t, r);
                break;
            case KvmEvent.Exit:
                t.IsKnown = true;
                break;
            case KvmEvent.PageFault:
                PageFault(t, r);
                break;
            case KvmEvent.FastPageFault when t.Fault is { } fault:
                fault.IsSpurious |= r.A == 1;
                fault.IsFast |= r.B == 1;
                fault.HasFast = true;
                break;
            case KvmEvent.SpteRequested:
                Requested(t, r);
                break;
            case KvmEvent.SetSpte:
                Installed(t, r);
                break;
            case KvmEvent.SpteChanged:
                SpteChanged(t, r);
                break;
            case KvmEvent.Mmio when t.Fault is { } fault:
                fault.IsMmio = true;
                break;
            case KvmEvent.Async when t.Fault is { } fault:
                fault.IsAsync = true;
                break;
            case KvmEvent.UserspaceExit when t.Fault is { } fault:
                fault.IsFailed |= r.B == 1;
                faults.Remove(fault);
                break;
            case KvmEvent.MnStart or KvmEvent.UnmapHvaRange:
                Called(t, r);
                break;
            case KvmEvent.MnEnd:
                CalledEnd(t, r);
                break;
            case KvmEvent.InvBegin:
                Begin(t, r);
                break;
            case KvmEvent.InvEnd:
                End(t, r);
                break;
            case KvmEvent.SetSpteHva:
                Counts.ChangePte++;
                break;
            case KvmEvent.Age:
                Counts.Aged++;
                break;
            case KvmEvent.DirtyRing:
                Counts.DirtyRing++;
                break;
            case KvmEvent.Faultin:
                Faultin(t, r);
                break;
            case KvmEvent.StaleCheck:
                StaleCheck(t, r);
                break;
            case KvmEvent.StaleRet:
                StaleRet(t, r);
                break;
            case KvmEvent.FaultRet:
                FaultRet(t, r);
                break;
            case KvmEvent.SetMemslot:
                Refuse(r.Line, memslots.Set(t, r.A));
                Counts.SlotChanges[Math.Min(r.A, 3)]++;
                seesMemslots = true;
                break;
            case KvmEvent.SwapMemslots:
                Refuse(r.Line, memslots.Swap(t, r.Line, (long)chain.InProgress, zapsAll: chain.ByGfn == false));
                break;
            case KvmEvent.ZapAllFast:
                RootInvalidated(t, r);
                break;
            default:
                break;
        }

        t.LastLine = r.Line;
        windows?.Take(t, r);
    }

    private void Refuse(long line, string? message)
    {
        if (message is not null)
        {
            conclusions.Refuse(line, message);
        }
    }
}
