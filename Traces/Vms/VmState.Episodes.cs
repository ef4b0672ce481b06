using MmuStress.Mmu;

namespace MmuStress.Traces;

/// <content>What the VM's events are for an order of the unseen steps between them.</content>
internal sealed partial class VmState
{
    private const ulong NestedError = 3UL << 32; // PFERR_GUEST_FINAL_MASK, PFERR_GUEST_PAGE_MASK
    private const ulong PresentError = 1 << 0; // PFERR_PRESENT_MASK
    private const ulong ReservedError = 1 << 3; // met an MMIO entry, which may be another one by now: handle_mmio_page_fault()
    private readonly EpisodeCutter episodes = new(explainer, conclusions);
    private bool knowsSlots;
    private readonly DirtyLogEvidence dirtyLog = new();
    private bool isSeenFromTheBeginning;
    private bool hasLost;
    private int slotsInFlux;
    private SlotMarker? slotInFlux;
    private long fluxLine;

    private void Explain(ThreadState t, in TraceRecord r)
    {
        if (episodes.MayBeInvalidating && r.Kind is KvmEvent.Entry or KvmEvent.Exit or KvmEvent.UserspaceExit or KvmEvent.PageFault or KvmEvent.Age)
        {
            episodes.IsAlive(t);
        }

        switch (r.Kind)
        {
            case KvmEvent.PageFault:
                EndExplained(t, r, EpisodeEventKind.FaultDone);
                t.HasInvalidatedItself = false;
                episodes.BeginFault(t);
                episodes.Add(t, r, EpisodeEventKind.Fault, r.B >> PageSize.Shift, HvaOf(r.B), r.C);
                break;
            case KvmEvent.FastPageFault when t.Fault is { } fault && r.B == 1 && episodes.HasTdpMmu:
                episodes.BeginFault(t);
                episodes.Add(t, r, EpisodeEventKind.FastFixed, fault.Gpa >> PageSize.Shift, r.C, FixedSpte(fault, r));
                dirtyLog.Change(SpteKey.Of(0, fault.Gpa >> PageSize.Shift, 1), r.C, FixedSpte(fault, r), r.Line, t.LastLine);
                break;
            case KvmEvent.FastPageFault when t.Fault is { } fault && r.B == 0 && t.Explained.IsInFault && episodes.HasTdpMmu && (fault.Error & NestedError) != 0 && !seesAsync && MapsPage(r.C):
                episodes.Add(t, r, EpisodeEventKind.FastSeen, fault.Gfn, r.C, MapsPage(r.D) ? r.D : SpteBits.Unknown);
                break;
            case KvmEvent.SpteRequested:
                Refuse(r.Line, RequestProblem(t, r));
                episodes.BeginFault(t);
                episodes.Add(t, r, EpisodeEventKind.Requested, r.A, r.B, r.C);
                break;
            case KvmEvent.SetSpte when t.Explained.IsInFault && episodes.HasTdpMmu:
                episodes.Add(t, r, EpisodeEventKind.Set, r.A, r.B, r.C);
                break;
            case KvmEvent.SpteChanged when SpteBits.IsEmpty(r.C) && !SpteBits.IsEmpty(r.B) && !HasBegun(t):
                // Of what the thread began before, which may be to take out an obsolete root.
                episodes.HasTdpMmu = true;
                episodes.ForgetSptes();
                break;
            case KvmEvent.SpteChanged when !SpteBits.IsEmpty(r.B) || !SpteBits.IsEmpty(r.C):
                episodes.HasTdpMmu = true;
                if (t.IsInDirtyLog)
                {
                    dirtyLog.IsClearedByReading();
                }

                episodes.Bits = SpteBits.Recognize(r.C, (int)r.D) ?? episodes.Bits;
                Refuse(r.Line, ChangeProblem(t, r));
                dirtyLog.Change(SpteKey.Of(r.E, r.A, (int)r.D), r.B, r.C, r.Line, t.LastLine);
                episodes.Add(t, r, EpisodeEventKind.Changed, r.A, r.B, r.C, r.D, r.E);
                episodes.Close();
                break;
            case KvmEvent.UnmapHvaRange:
                ExplainUnmap(t, r);
                break;
            case KvmEvent.SetSpteHva when t.Explained.Invalidations > 0:
                episodes.Add(t, r, EpisodeEventKind.ChangePte, r.A, 0);
                break;
            case KvmEvent.InvBegin when t.Explained.Invalidations > 0:
                episodes.Add(t, r, EpisodeEventKind.InvalidateBegin, 0, 0);
                break;
            case KvmEvent.InvEnd when t.Explained.Invalidations > 0:
                episodes.Add(t, r, EpisodeEventKind.InvalidateEnd, 0, 0);
                episodes.EndInvalidation(t);
                episodes.Close();
                break;
            case KvmEvent.Mmio:
                dirtyLog.MayHaveWritten(r.Line);
                break;
            case KvmEvent.ZapAllFast:
                episodes.Add(t, r, EpisodeEventKind.ZapAllFast, 0, 0);
                episodes.Close();
                break;
            case KvmEvent.Entry:
                EndExplained(t, r, IsRetriedForInvalidation(t) ? EpisodeEventKind.FaultRetried : EpisodeEventKind.FaultDone);
                break;
            case KvmEvent.UserspaceExit or KvmEvent.Exit:
                EndExplained(t, r, EpisodeEventKind.FaultDone);
                break;
            case KvmEvent.Age when !t.Explained.IsInFault:
                // Pages are aged one after another, and not while one is unmapped.
                EndExplained(t, r, EpisodeEventKind.Other);
                break;
        }
    }

    /// <summary>Whether an SPTE of this VM may change as the event says; null where it is not known.</summary>
    public bool? MayBeHere(in TraceRecord r) => episodes.MayHold(SpteKey.Of(r.E, r.A, (int)r.D), r.B);

    private void EndExplained(ThreadState t, in TraceRecord r, EpisodeEventKind kind)
    {
        if (t.Explained.IsInFault || t.Explained.Invalidations > 0)
        {
            episodes.Add(t, r, t.Explained.IsInFault ? kind : EpisodeEventKind.Other, 0, 0);
            episodes.EndStorm(t);
            episodes.Release(t);
            episodes.Close();
        }
    }

    private void ExplainUnmap(ThreadState t, in TraceRecord r)
    {
        episodes.KnowsSlots = knowsSlots;
        List<(ulong First, ulong End)>? frames = null;
        if (knowsSlots)
        {
            frames = FramesOf(r.A, r.B);
            if (frames.Count == 0 && (slotsInFlux == 0 || (slotInFlux is { } slot && !slot.Has(r.A, r.B))))
            {
                if (t.Explained.Invalidations > 0)
                {
                    episodes.Add(t, r, EpisodeEventKind.UnmapElsewhere, r.A, r.B);
                }

                return;
            }

            frames = slotsInFlux > 0 ? null : frames;
        }

        if (t.Explained.Invalidations == 0)
        {
            t.Invalidated.Clear();
        }

        t.Invalidated.AddRange(frames ?? [(0, ulong.MaxValue)]);
        InvalidatePages(t, frames ?? [(0, ulong.MaxValue)]);
        t.HasInvalidatedItself |= frames is not null && t.Explained.IsInFault;
        int number = episodes.BeginInvalidation(t, new EpisodeInvalidation(r.Line, r.A, r.B, frames));
        episodes.Add(t, r, EpisodeEventKind.Unmap, r.A, r.B, (ulong)number);
    }

    private List<(ulong First, ulong End)> FramesOf(ulong start, ulong end)
    {
        var frames = new List<(ulong First, ulong End)>();
        foreach (SlotMarker slot in slots)
        {
            ulong first = Math.Max(start, slot.Hva);
            ulong last = Math.Min(end, slot.Hva + (slot.End - slot.Gpa));
            if (first < last)
            {
                frames.Add(((slot.Gpa + (first - slot.Hva)) >> PageSize.Shift, (slot.Gpa + (last - slot.Hva) + PageSize.Bytes - 1) >> PageSize.Shift));
            }
        }

        return frames;
    }

    private static bool MapsPage(ulong spte) => SpteBits.IsLeaf(spte, 1) && !SpteBits.IsHuge(spte);

    // new is read again when it is printed.
    private static ulong FixedSpte(FaultState fault, in TraceRecord r) =>
        SpteBits.ToPfn(r.C) == SpteBits.ToPfn(r.D) && SpteBits.IsPresent(r.D) && ((fault.Error & WriteError) == 0 || SpteBits.IsWritable(r.D)) ? r.D : SpteBits.MakeWritable(r.C);

    // Whether nothing but an invalidation can be why the fault is tried again.
    private bool IsRetriedForInvalidation(ThreadState t) =>
        t.Explained.IsInFault
        && t.Fault is { IsRequested: false, IsFast: false, IsSpurious: false, IsMmio: false, IsAsync: false, IsFailed: false } fault
        && (!fault.HasResult || fault.Result == RetPfRetry)
        && (fault.Error & NestedError) != 0 && (fault.Error & ReservedError) == 0
        && knowsSlots && slotsInFlux == 0 && fluxLine < fault.Line
        && !episodes.MayBeInvalidating
        && !IsRootObsolete(t);

    private string? RequestProblem(ThreadState t, in TraceRecord r) =>
        t.Fault is not { } fault || seesAsync ? null
        : (fault.Error & NestedError) != 0 && fault.Gpa >> PageSize.Shift != r.A
            ? $"gfn {r.A:x}: an SPTE is requested, but the fault of line {fault.Line} is at gfn {fault.Gpa >> PageSize.Shift:x}"
        : fault.IsRequested && t.Explained.IsInFault ? $"gfn {r.A:x}: the fault of line {fault.Line} requests an SPTE a second time"
        : t.HasInvalidatedItself && t.Explained.IsInFault
            ? $"gfn {r.A:x}: an SPTE is requested although the fault itself has invalidated since its snapshot of mmu_invalidate_seq"
        : null;

    // What no order makes right.
    private string? ChangeProblem(ThreadState t, in TraceRecord r)
    {
        int level = (int)r.D;
        bool wasLeaf = SpteBits.IsLeaf(r.B, level);
        bool isLeaf = SpteBits.IsLeaf(r.C, level);
        if (wasLeaf && isLeaf && SpteBits.ToPfn(r.B) != SpteBits.ToPfn(r.C))
        {
            return $"gfn {r.A:x}: a leaf is replaced by one of another page, {r.B:x} by {r.C:x}";
        }

        if (isLeaf && !SpteBits.IsWritable(r.C) && episodes.Bits.IsDirtyWithoutWrite(wasLeaf ? r.B : r.C & ~episodes.Bits.Dirty, r.C) && (wasLeaf || t.Fault is { IsRequested: true }))
        {
            return $"gfn {r.A:x}: the SPTE {r.C:x} is dirty, but nothing could write there";
        }

        if (t.Explained.Invalidations == 0 && t.Fault is { IsRequested: false } fault && t.Explained.IsInFault)
        {
            return SpteBits.IsEmpty(r.C)
                ? $"gfn {r.A:x}: the SPTE {r.B:x} is zapped by the fault of line {fault.Line} outside of any invalidation"
                : $"gfn {r.A:x}: an SPTE is set, but the fault of line {fault.Line} requested none";
        }

        if (isLeaf && !wasLeaf && t.Fault is { IsRequested: true } asked && t.Explained.IsInFault)
        {
            SpteKey key = SpteKey.Of(r.E, r.A, level);
            ulong gfn = asked.Gpa >> PageSize.Shift;
            if ((asked.Error & NestedError) != 0 && key.Gfn <= gfn && gfn < key.End && SpteBits.ToPfn(r.C) + (gfn - key.Gfn) != asked.RequestedPfn)
            {
                return $"gfn {r.A:x}: the SPTE {r.C:x} is not of the page that was requested, {asked.RequestedPfn:x}";
            }
        }

        if (!wasLeaf || !SpteBits.IsEmpty(r.C) || episodes.IsInUnknown(t))
        {
            return null;
        }

        if (seesBegins && t.Open.Count > 0 && t.Open[^1] is { HasProbe: true, BeginLine: 0 } unbegun)
        {
            return $"gfn {r.A:x}: the SPTE {r.B:x} is zapped before the invalidation of line {unbegun.Line} begins";
        }

        return t.Explained.Invalidations > 0 ? (t.Invalidates(SpteKey.Of(r.E, r.A, level)) ? null : $"gfn {r.A:x}: the SPTE {r.B:x} is zapped outside of its thread's invalidations")
            : t.IsInHostOperation || (t.IsReclaimer && HasBegun(t)) || t.IsInDirtyLog ? $"gfn {r.A:x}: the SPTE {r.B:x} is zapped outside of any invalidation"
            : null;
    }

    private void ForgetEpisodes()
    {
        episodes.Forget();
        dirtyLog.Forget();
        hasLost = true;
        knowsSlots = false;
    }

    // "op=7 note slot=2 dirty=7 bitmap0=000000000000ae30"
    private void ExplainDirtyLog(ThreadState t, long line, ReadOnlySpan<byte> text)
    {
        if (knowsSlots && slotsInFlux == 0 && episodes.HasTdpMmu
            && Fields.TryDecimal(text, "slot="u8, out ulong number) && Fields.TryHex(text, "bitmap0="u8, out ulong bitmap)
            && slots.Find(s => (ulong)s.Slot == number) is { Pages: > 0 } slot)
        {
            dirtyLog.Read(slot, bitmap, t.OperationLine, line);
            Refuse(line, Fields.TryDecimal(text, "dirty="u8, out ulong dirty) ? DirtyLogEvidence.CountProblem(slot, bitmap, dirty) : null);
        }
    }

    // A marker: the thread is not in a notifier any more.
    private void ExplainMarker(ThreadState t, long line, ReadOnlySpan<byte> text)
    {
        Refuse(line, UnfinishedProblem(t, KvmEvent.Marker));
        episodes.IsAlive(t);
        if (t.Explained.Invalidations > 0 && !t.Explained.IsInFault)
        {
            episodes.Add(t, new TraceRecord { Line = line }, EpisodeEventKind.Other, 0, 0);
            episodes.Release(t);
            episodes.Close();
        }

        if (!text.StartsWith("op="u8))
        {
            return;
        }

        bool isSlot = text.IndexOf(" set_user_memory_region "u8) >= 0;
        bool begins = text.IndexOf(" begin "u8) >= 0;
        bool ends = text.IndexOf(" end "u8) >= 0;
        if (isSlot && (begins || ends))
        {
            // Those that are created before a vCPU runs are all.
            knowsSlots |= ran.Count == 0 && isWholeVm != false && !hasLost && (isSeenFromTheBeginning || !findings.BeginningIsLost);
            slotsInFlux = Math.Max(0, slotsInFlux + (begins ? 1 : -1));
            slotInFlux = begins ? t.SlotMarker : slotsInFlux == 0 ? null : slotInFlux;
            fluxLine = line;
            hostPages.Forget();
        }

        if (isSlot && begins && t.SlotMarker is { } changed)
        {
            dirtyLog.Begin(changed.Slot, line);
        }

        if (text.IndexOf("clear_dirty_log"u8) >= 0)
        {
            dirtyLog.IsClearedByHand();
        }

        t.OperationLine = begins ? line : t.OperationLine;
        bool isDirtyLog = text.IndexOf("dirty_log"u8) >= 0;
        t.IsInHostOperation = begins && !isSlot && !isDirtyLog;
        t.IsInDirtyLog = isDirtyLog && (begins || (t.IsInDirtyLog && !ends));
    }
}
