namespace MmuStress.Traces;

/// <content>The staleness check of each fault, and the steps of memslots.</content>
internal sealed partial class VmState
{
    // kvm_zap_gfn_range() moves the sequence without a notifier, as when the APIC is virtualised no more: after this event, and before its thread's next.
    private void SkipZapOfRange(ThreadState t, in TraceRecord r)
    {
        if (rangeZapper is not null)
        {
            chain.Forget();
            fluxLine = r.Line;
            rangeZapper = rangeZapper == t ? null : rangeZapper;
        }

        if (r.Kind == KvmEvent.ApicvInhibit && ran.Count > 0)
        {
            rangeZapper = t;
        }
    }

    private void Faultin(ThreadState t, in TraceRecord r)
    {
        t.HasFaultin = true;
        t.FaultinSeq = r.B;
        t.Check = Check.None;

        // Read without a lock: inv_end is printed before it counts.
        if (chain.Seq is { } seq && r.B + 1 < seq)
        {
            Refuse(r.Line, $"gfn {r.A:x}: mmu_invalidate_seq is {r.B}, but the invalidations before make it {seq}");
        }
    }

    private void StaleCheck(ThreadState t, in TraceRecord r)
    {
        findings.SeesProtocol = true;
        seesChecks = true;
        Refuse(r.Line, chain.See(r) ?? (
            r.C > r.D ? $"gfn {r.A:x}: the fault's snapshot is {r.C}, later than mmu_invalidate_seq, {r.D}"
            : t.HasFaultin && r.C < t.FaultinSeq ? $"gfn {r.A:x}: the fault's snapshot is {r.C}, earlier than mmu_invalidate_seq was when it began, {t.FaultinSeq}"
            : null));
        t.Check = Check.Asked;
        t.CheckLine = r.Line;
        t.Stale = r;
        t.IsStaleByModel = chain.IsStale(r);
        if (t.Fault is { } fault)
        {
            fault.DecisionTime = r.Time;
            if (InvalidationChain.HasSlot(r))
            {
                fault.Hva = r.B;
            }
        }
    }

    private void StaleRet(ThreadState t, in TraceRecord r)
    {
        if (t.Check != Check.Asked)
        {
            Refuse(r.Line, t.Check == Check.None ? null : $"a second verdict of the check in line {t.CheckLine}");
            return;
        }

        bool isStale = r.A != 0;
        t.Check = isStale ? Check.Stale : Check.Fresh;
        TraceRecord check = t.Stale;
        bool? rule = t.IsStaleByModel;
        Counts.StaleVerdicts++;
        if (rule is null || rule == isStale || (rule == true && !InvalidationChain.HasSlot(check)))
        {
            Counts.StaleAgreed++;
        }
        else if (isStale && IsRootObsolete(t))
        {
            Counts.StaleAgreed++;
            Counts.StaleByObsoleteRoot++;
        }
        else
        {
            Refuse(r.Line, isStale
                ? $"gfn {check.A:x}: the verdict is stale, but nothing was invalidated since the snapshot, {check.C}, nor is in progress there, and no root is obsolete"
                : $"gfn {check.A:x}: the verdict is fresh, but {(check.D != check.C ? $"mmu_invalidate_seq went from {check.C} to {check.D}" : $"an invalidation of [{check.F:x}, {check.G:x}) is in progress")}");
        }
    }

    // kvm_mmu_zap_all_fast is printed before the roots become obsolete, and its thread's next event after that. A vCPU looks for a new root
    // after the event before its entry; one that may have looked before the roots became obsolete may have entered with the old one.
    private bool IsRootObsolete(ThreadState t) => rootInvalidator is not null || t.BeforeEntryLine < rootsSurelyObsolete;

    private void RootInvalidated(ThreadState t, in TraceRecord r)
    {
        Counts.RootInvalidations++;
        rootInvalidator = t;
        if (memslots.IsFlushOf(t) && seesFaultResults)
        {
            foreach (FaultState fault in faults)
            {
                // One that never came to kvm_faultin_pfn() may be through without a fault_ret.
                if (fault.Thread != t && fault.Thread.HasFaultin && fault.Line < memslots.SwapLine)
                {
                    Refuse(r.Line, $"the slot is zapped while the fault of line {fault.Line}, which may still see it, is in kvm->srcu since before swap_memslots in line {memslots.SwapLine}");
                    break;
                }
            }
        }

        Refuse(r.Line, memslots.Flush(t));
    }

    /// <summary>A marker: what a program that knows what it does to the VM says about it.</summary>
    public void Mark(ThreadState t, long line, long time, ReadOnlySpan<byte> text)
    {
        LastLine = line;
        conclusions.Now = line;
        t.HasBegun = true;
        ExplainMarker(t, line, text);
        windows?.Mark(t, line, text);
        if (text.IndexOf(" note "u8) >= 0 && Fields.TryDecimal(text, "dirty="u8, out ulong dirty))
        {
            Counts.DirtyPages += (long)dirty;
            ExplainDirtyLog(t, line, text);
        }
        else if (text.IndexOf(" end "u8) >= 0 && text.StartsWith("op="u8))
        {
            EndOwn(t, time);
            bool succeeded = Fields.TryDecimal(text, "rc="u8, out ulong rc) && rc == 0;
            if (text.IndexOf("set_user_memory_region"u8) >= 0)
            {
                Refuse(line, succeeded ? memslots.Succeeded(t) ?? UnsetProblem(t) : memslots.Done(t));
                Apply(t.SlotMarker, succeeded);
                t.SlotMarker = null;
            }
            else if (text.IndexOf("get_dirty_log"u8) >= 0 || text.IndexOf("clear_dirty_log"u8) >= 0)
            {
                Counts.DirtyLogRounds++;
            }
        }
    }

    private void Apply(SlotMarker? marker, bool succeeded)
    {
        if (!succeeded || marker is not { } slot)
        {
            return;
        }

        int at = slots.FindIndex(s => s.Slot == slot.Slot);
        Counts.SlotChanges[ChangeOf(slot)] += seesMemslots ? 0 : 1;
        if (at >= 0)
        {
            slots.RemoveAt(at);
        }

        if (slot.End > slot.Gpa)
        {
            slots.Add(slot);
        }
    }
}
