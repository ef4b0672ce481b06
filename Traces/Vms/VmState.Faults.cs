using MmuStress.Mmu;

namespace MmuStress.Traces;

/// <content>Faults: from kvm_page_fault to fault_ret and the next entry.</content>
internal sealed partial class VmState
{
    private const ulong WriteError = 1 << 1;
    private const ulong FetchError = 1 << 4;
    private const int RetPfRetry = 1;

    private void PageFault(ThreadState t, in TraceRecord r)
    {
        if (t.Fault is { } open)
        {
            Close(open, r.Time, isEntered: false);
        }

        Counts.Faults++;
        Counts.WriteFaults += (r.C & WriteError) != 0 ? 1 : 0;
        Counts.FetchFaults += (r.C & FetchError) != 0 ? 1 : 0;
        t.Check = Check.None;
        t.HasFaultin = false;
        t.IsKnown = true;
        var fault = new FaultState { Thread = t, Line = r.Line, Time = r.Time, Gpa = r.B, Error = r.C, Hva = HvaOf(r.B) };

        t.Fault = fault;
        faults.Add(fault);
        foreach (Invalidation invalidation in invalidations)
        {
            Meet(fault, invalidation);
        }
    }

    // 0 where no memslot is known to have it.
    private ulong HvaOf(ulong gpa)
    {
        ulong hva = 0;
        foreach (SlotMarker slot in slots)
        {
            if (slot.Gpa <= gpa && gpa < slot.End)
            {
                hva = slot.Hva + (gpa - slot.Gpa);
            }
        }

        return hva;
    }

    private void Requested(ThreadState t, in TraceRecord r)
    {
        EndOwn(t, r.Time);
        if (t.Fault is { } fault)
        {
            fault.IsRequested = true;
            fault.RequestedPfn = r.B;
            fault.DecisionTime = fault.DecisionTime < 0 ? r.Time : fault.DecisionTime;
        }

        if (seesChecks && t.IsKnown)
        {
            Refuse(r.Line, t.Check switch
            {
                Check.Stale => $"gfn {r.A:x}: an SPTE is requested, but the verdict in line {t.CheckLine} was stale",
                Check.None when t.Fault is not null => $"gfn {r.A:x}: an SPTE is requested without a staleness check",
                Check.Asked => $"gfn {r.A:x}: an SPTE is requested before the verdict of the check in line {t.CheckLine}",
                _ => null,
            });
        }
    }

    private void Installed(ThreadState t, in TraceRecord r)
    {
        seesSets = true;
        if (t.Fault is { } fault)
        {
            fault.IsSet = true;
        }

        if (seesChecks && t.IsKnown)
        {
            Refuse(r.Line, t.Check == Check.None ? $"gfn {r.A:x}: an SPTE is installed outside of what a staleness check allowed" : Forbidden(t, r.A));
        }
    }

    private void SpteChanged(ThreadState t, in TraceRecord r)
    {
        (sptes ??= new SpteLives(Counts)).Changed(r);
        bool isInstalled = SpteBits.IsPresent(r.C) && !SpteBits.IsPresent(r.B);
        if (t.Fault is { IsRequested: true } fault && t.Explained.IsInFault && SpteBits.IsLeaf(r.C, (int)r.D) && !SpteBits.IsLeaf(r.B, (int)r.D) && r.A == fault.Gpa >> PageSize.Shift)
        {
            fault.InstalledLine = r.Line;
        }

        if (isInstalled && seesChecks && t.IsKnown && t.Check != Check.None)
        {
            Refuse(r.Line, Forbidden(t, r.A));
        }
    }

    // From the check to the SPTE, mmu_lock is held: no invalidation can begin or end in between.
    private string? Forbidden(ThreadState t, ulong gfn) => t.Check switch
    {
        Check.Stale => $"gfn {gfn:x}: an SPTE is installed, but the verdict in line {t.CheckLine} was stale",
        Check.Asked => $"gfn {gfn:x}: an SPTE is installed before the verdict of the check in line {t.CheckLine}",
        Check.Fresh when lastSectionLine > t.CheckLine =>
            $"gfn {gfn:x}: an SPTE is installed although an invalidation began or ended in line {lastSectionLine}, after the check in line {t.CheckLine}",
        _ => null,
    };

    private void FaultRet(ThreadState t, in TraceRecord r)
    {
        seesFaultResults = true;
        if (t.Fault is { HasResult: false } fault)
        {
            bool isRetry = (int)(long)r.A == RetPfRetry;
            Refuse(r.Line, t.Check == Check.Stale && !isRetry ? $"the fault's result is {(long)r.A}, but the verdict in line {t.CheckLine} was stale"
                : isRetry && fault.IsSet ? $"the fault of line {fault.Line} is to be tried again, but it has set its SPTE"
                : null);
            fault.HasResult = true;
            fault.Result = (int)(long)r.A;
            Counts.FaultTimes.Add(r.Time - fault.Time);
            faults.Remove(fault);
        }

        t.Check = Check.None;
    }

    private void Entry(ThreadState t, in TraceRecord r)
    {
        EndOwn(t, r.Time);
        t.IsKnown = true;
        t.Check = Check.None;
        t.BeforeEntryLine = t.LastLine;
        if (t.Fault is { } fault)
        {
            Refuse(r.Line, seesSets && fault.InstalledLine > 0 && !fault.IsSet ? $"gfn {fault.Gpa >> PageSize.Shift:x}: the SPTE of line {fault.InstalledLine} is installed without kvm_mmu_set_spte" : null);
            NoteWrite(fault, r.Line);
            Close(fault, r.Time, isEntered: true);
        }
    }

    private void Close(FaultState fault, long time, bool isEntered)
    {
        fault.Thread.Fault = null;
        faults.Remove(fault);
        if (!fault.HasResult)
        {
            Counts.FaultTimes.Add(time - fault.Time);
        }

        // With the TDP MMU a fault that reaches its SPTE prints kvm_mmu_set_spte, also where it finds it right; else it lost a
        // compare-exchange, or met a frozen entry. The shadow MMU prints nothing where it finds it right.
        bool isUnset = !fault.IsRequested || (sptes is not null && seesSets && !fault.IsSet);
        bool byStock = isEntered && isUnset && !fault.IsFast && !fault.IsSpurious && !fault.IsMmio && !fault.IsAsync && !fault.IsFailed;
        bool isRetried = fault.HasResult ? fault.Result == RetPfRetry && !fault.IsAsync : byStock;
        Counts.StockRetries += byStock ? 1 : 0;
        if (fault.HasResult)
        {
            Counts.FaultResults++;
            Counts.MissedRetries += isRetried && !byStock ? 1 : 0;
            Counts.FalseRetries += byStock && fault.Result != RetPfRetry ? 1 : 0;
        }

        if (fault.IsFailed || (fault.HasResult && fault.Result < 0))
        {
            Counts.Failed++;
        }
        else if (isRetried)
        {
            Counts.Retries++;
        }
        else if (fault.IsFast)
        {
            Counts.Fast++;
        }
        else if (fault.IsMmio)
        {
            Counts.Emulated++;
        }
        else if (fault.IsAsync)
        {
            Counts.Async++;
        }
        else if (fault.IsSet)
        {
            Counts.Fixed++;
        }
        else if (fault.IsRequested)
        {
            Counts.LostRaces++;
        }
        else
        {
            Counts.Spurious++;
        }

        FindRaces(fault, isRetried);
        windows?.FaultClosed(fault.Thread, LastLine, isRepeated: isRetried || fault.IsFailed || fault.IsAsync);
    }
}
