using MmuStress.Mmu;

namespace MmuStress.Traces;

/// <summary>Finds what overlaps in one VM, and cuts windows around it.</summary>
/// <param name="windows">Takes the windows.</param>
/// <remarks>
/// An act is an access with all its retries, an invalidation, a change of a memslot, a reading of a dirty log. Those of different threads that are there
/// at the same time and touch the same pages are noted in each other. When an anchor, which is an act that is more than an access, is over, and all beside
/// it are, a window is cut. Acts let go of each other then, so that memory does not grow with the trace.
/// </remarks>
internal sealed partial class WindowCutter(WindowCollection windows)
{
    // Without a marker or a probe nobody says when an invalidation ends: it does, at the latest, this many lines after its thread's last one.
    private const int MostLinesBehind = 32;

    // Nor when a harvest does that nobody names; it has locked out faults while it write-protects.
    private const int MostLinesBehindHarvest = 8;
    private const int MostProtections = 16;

    // A guest that is entered more often without the fault coming again has found the page mapped by another vCPU.
    private const int MostEntries = 4;
    private const ulong WriteError = 1 << 1;
    private readonly SlotMap slots = new();
    private readonly SpteHistory sptes = new();
    private readonly List<Act> open = [];
    private readonly List<(ulong Start, ulong End, ActKind Kind)> protections = [];
    private readonly Dictionary<int, GuestSlot> deleted = [];
    private bool seesSpteChanges;

    /// <summary>An event, after all else has been concluded from it.</summary>
    public void Take(ThreadState t, in TraceRecord r)
    {
        if (t == sptes.Zapper && r.Kind is not (KvmEvent.SpteChanged or KvmEvent.Other or KvmEvent.SwapMemslots or KvmEvent.ZapAllFast))
        {
            sptes.Zapper = null;
        }

        switch (r.Kind)
        {
            case KvmEvent.Entry when t.Acts?.Access is { IsPending: true } access && ++access.Entries > MostEntries:
                End(access, access.To);
                break;
            case KvmEvent.PageFault:
                PageFault(t, r);
                break;
            case KvmEvent.SpteChanged:
                SpteChanged(t, r);
                break;
            case KvmEvent.SetSpte when !seesSpteChanges:
                NoteReadOnly(t, r.B, r.C);
                sptes.Set(r.A, r.B, r.C, r.Line);
                break;
            case KvmEvent.FastPageFault when r.B == 1 && t.Acts?.Access is { Covers.Count: > 0 } access:
                sptes.MadeWritable(access.Covers[0].Slot.Gfn + access.Covers[0].From, r.Line);
                break;
            case KvmEvent.SetSpteHva when t.Acts is { Host.Count: > 0 } acts && acts.Host[^1] is { IsGuessed: true, Kind: ActKind.Unmap }:
                acts.Host[^1].Kind = ActKind.Cow; // the first to call change_pte under an invalidation of one page
                break;
            case KvmEvent.StaleCheck when InvalidationChain.HasSlot(r):
                slots.Learn(r.A, r.B >> PageSize.Shift);
                break;
            case KvmEvent.ZapAllFast:
                sptes.MakeObsolete(t, r.Line);
                if (t.Acts?.Call is null && open.Exists(a => a.IsAccess))
                {
                    windows.LeaveOut("a change of a memslot that no marker names");
                }

                break;
            default:
                break;
        }

        if (t.Acts is { Host.Count: > 0 } mine)
        {
            mine.Host[^1].To = r.Line;
        }
    }

    /// <summary>After lost events nothing is known but the memslots.</summary>
    public void Forget()
    {
        foreach (Act act in open)
        {
            act.Thread.Acts = null;
        }

        open.Clear();
        sptes.Forget();
    }

    /// <summary>The trace of the VM is over: what is open ends there.</summary>
    public void Finish()
    {
        while (open.Count > 0)
        {
            End(open[^1], open[^1].To);
        }
    }

    private static ThreadActs ActsOf(ThreadState t) => t.Acts ??= new ThreadActs();

    private void PageFault(ThreadState t, in TraceRecord r)
    {
        ThreadActs acts = ActsOf(t);
        ulong gfn = r.B >> PageSize.Shift;
        ActKind kind = (r.C & WriteError) != 0 ? ActKind.Write : ActKind.Read;
        GuestSlot? slot = slots.OfGfn(gfn);
        if (acts.Access is { } before)
        {
            if (before.IsPending && before.Kind == kind && slot is not null && before.Covers[0] == new Cover(slot, gfn - slot.Gfn, gfn - slot.Gfn + 1))
            {
                (before.IsPending, before.Entries, before.To) = (false, 0, r.Line);
                return;
            }

            End(before, before.To);
        }

        if (slot is not null)
        {
            var access = new Act { Thread = t, Kind = kind, From = r.Line, To = r.Line };
            access.Covers.Add(new Cover(slot, gfn - slot.Gfn, gfn - slot.Gfn + 1));
            acts.Access = access;
            Begin(access);
        }
    }

    /// <summary>A fault is over.</summary>
    /// <param name="t">Whose it was.</param>
    /// <param name="line">By which line.</param>
    /// <param name="isRepeated">Whether the guest will do the same again: nothing was mapped for it.</param>
    public void FaultClosed(ThreadState t, long line, bool isRepeated)
    {
        if (t.Acts?.Access is not { } access)
        {
            return;
        }

        access.To = line;
        access.IsPending = isRepeated;
        if (!isRepeated)
        {
            End(access, line);
        }
    }

    private void SpteChanged(ThreadState t, in TraceRecord r)
    {
        seesSpteChanges = true;
        Act? host = t.Acts is { Host.Count: > 0 } acts ? acts.Host[^1] : null;
        NoteReadOnly(t, r.C, r.D);
        sptes.Changed(t, r, host?.Kind is ActKind.Unmap or ActKind.Munmap or ActKind.PunchHole);
        if (slots.HasMarkers || t == sptes.Zapper || !SpteBits.IsLeaf(r.B, (int)r.D))
        {
            return;
        }

        if (host is not null)
        {
            if (host.End - host.Start == PageSize.Bytes)
            {
                slots.Learn(r.A, host.Start >> PageSize.Shift);
            }

            Grow(host, r.A);
        }
        else if (t.Vcpu < 0 && SpteBits.IsLeaf(r.C, (int)r.D) && (r.B & ~r.C & WriteError) != 0)
        {
            // Write-protected, by somebody who does not invalidate: a dirty log is read.
            ThreadActs mine = ActsOf(t);
            if (mine.Call is null)
            {
                mine.Call = new Act { Thread = t, Kind = ActKind.GetDirtyLog, From = r.Line, To = r.Line, IsGuessed = true };
                Begin(mine.Call);
            }

            mine.Call.To = r.Line;
            Grow(mine.Call, r.A);
        }
    }

    private static void NoteReadOnly(ThreadState t, ulong spte, ulong level)
    {
        if (t.Acts?.Access is { } access && SpteBits.IsLeaf(spte, (int)level) && SpteHistory.IsReadOnlyOfHost(spte))
        {
            access.FoundReadOnly = true;
        }
    }

    // A page that an act is seen to touch.
    private void Grow(Act act, ulong gfn)
    {
        GuestSlot slot = slots.OfGfn(gfn)!;
        ulong page = gfn - slot.Gfn;
        foreach (Cover cover in act.Covers)
        {
            if (cover.From <= page && page < cover.To)
            {
                return;
            }
        }

        if (act.Covers.Count > 0 && act.Covers[^1] is var last && last.To == page)
        {
            act.Covers[^1] = last with { To = page + 1 };
        }
        else
        {
            act.Covers.Add(new Cover(slot, page, page + 1));
        }

        MeetOpen(act);
    }

    private void Begin(Act act)
    {
        for (int i = open.Count - 1; i >= 0; i--)
        {
            Act other = open[i];
            if (other.IsGuessed && act.From - other.To > (other.IsOfDirtyLog ? MostLinesBehindHarvest : MostLinesBehind))
            {
                End(other, other.To);
                i = Math.Min(i, open.Count);
            }
        }

        open.Add(act);
        MeetOpen(act);
    }

    private void MeetOpen(Act act)
    {
        foreach (Act other in open)
        {
            act.Meet(other);
        }
    }

    private void End(Act act, long line)
    {
        act.To = line;
        act.IsOpen = false;
        open.Remove(act);
        ThreadActs acts = ActsOf(act.Thread);
        acts.Access = acts.Access == act ? null : acts.Access;
        acts.Call = acts.Call == act ? null : acts.Call;
        acts.Host.Remove(act);
        TryCut(act);
        foreach (Act other in act.Beside.ToArray())
        {
            TryCut(other);
            Release(other);
        }

        Release(act);
    }

    // Nothing is cut any more with this one in it.
    private static void Release(Act act)
    {
        if (act.IsOpen || (act.IsAnchor && !act.IsCut) || act.Beside.Exists(o => o.IsOpen || (o.IsAnchor && !o.IsCut)))
        {
            return;
        }

        act.Part();
    }

    private void TryCut(Act anchor)
    {
        if (!anchor.IsAnchor || anchor.IsCut || anchor.IsOpen || anchor.Beside.Exists(o => o.IsOpen))
        {
            return;
        }

        anchor.IsCut = true;
        if (anchor.Beside.Count == 0 || (anchor.IsAccess && anchor.Beside.Exists(o => !o.IsAccess && !o.IsCut)))
        {
            return; // alone, or part of the other one's window
        }

        new WindowShapes(sptes, windows).Cut(anchor);
        if (!anchor.IsAccess)
        {
            anchor.Part();
        }
    }
}
