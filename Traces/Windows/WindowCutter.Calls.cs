using MmuStress.Mmu;

namespace MmuStress.Traces;

/// <content>What host threads do: invalidations, changes of memslots, readings of dirty logs.</content>
internal sealed partial class WindowCutter
{
    private const int MostLearnedAtOnce = 64;
    private const ulong MostZapped = 1 << 12;

    /// <summary>invalidate_range_start.</summary>
    /// <param name="invalidation">The call.</param>
    /// <param name="r">Its event.</param>
    public void Called(Invalidation invalidation, in TraceRecord r)
    {
        ThreadState t = invalidation.Thread;
        ThreadActs acts = ActsOf(t);
        sptes.Zapper = sptes.Zapper == t ? null : sptes.Zapper;
        if (acts.Access is { IsPending: false, Kind: ActKind.Write } access && IsOf(access, r))
        {
            access.BreaksCow = true;
            return;
        }

        if (acts.Host.Find(h => h.IsPending) is { } pending)
        {
            if (pending.Start == r.A && pending.End == r.B)
            {
                (pending.IsPending, invalidation.Act) = (false, pending);
                return;
            }

            End(pending, pending.To);
        }

        ActKind kind = t.Operation is ActKind.None or ActKind.SetFlags or ActKind.GetDirtyLog or ActKind.ClearDirtyLog ? OperationMarker.OfTask(t.Comm) : t.Operation;
        bool isKnown = kind != ActKind.None;
        var act = new Act
        {
            Thread = t,
            Kind = isKnown ? kind : r.Kind == KvmEvent.MnStart ? OperationMarker.OfEvent(r.C) : ActKind.Unmap,
            From = r.Line,
            To = r.Line,
            Start = r.A,
            End = r.B,
            IsGuessed = t.Operation == ActKind.None && r.Kind != KvmEvent.MnStart,
        };
        slots.Clip(r.A, r.B, act.Covers);
        if (act.Covers.Count == 0 && slots.HasMarkers)
        {
            return; // of no memslot
        }

        invalidation.Act = act;
        acts.Host.Add(act);
        NoteProtection(act);
        Begin(act);
        if (!seesSpteChanges)
        {
            ZapUnseen(act);
        }
    }

    /// <summary>An invalidation has ended, or must have.</summary>
    public void Closed(Invalidation invalidation, long line)
    {
        if (invalidation.Act is not { IsOpen: true } act)
        {
            return;
        }

        invalidation.Act = null;
        LearnFrom(act);
        if (act.Kind == ActKind.Merge)
        {
            (act.IsPending, act.To) = (true, line); // KSM invalidates a page more than once
            return;
        }

        End(act, line);
    }

    /// <summary>A marker; what it begins is in the thread by then.</summary>
    public void Mark(ThreadState t, long line, ReadOnlySpan<byte> text)
    {
        EndGuessed(t);
        if (text.IndexOf(" begin "u8) >= 0)
        {
            if (t.Operation == ActKind.SetFlags && t.SlotMarker is { } marker)
            {
                BeginSlot(t, line, GuestSlot.Of(marker));
            }
            else if (t.Operation is ActKind.GetDirtyLog or ActKind.ClearDirtyLog)
            {
                BeginHarvest(t, line);
            }
        }
        else if (text.IndexOf(" note "u8) >= 0)
        {
            if (t.Acts?.Call is { IsOfDirtyLog: true } harvest && Fields.TryDecimal(text, "slot="u8, out ulong number))
            {
                harvest.Covers.RemoveAll(c => c.Slot.Number != (int)number);
                harvest.PartFromStrangers();
            }
        }
        else if (text.IndexOf(" end "u8) >= 0 && text.StartsWith("op="u8))
        {
            EndOperation(t, line, Fields.TryDecimal(text, "rc="u8, out ulong rc) && rc == 0);
        }
    }

    // A thread in user space has no invalidation in progress.
    private void EndGuessed(ThreadState t)
    {
        foreach (Act act in t.Acts?.Host.ToArray() ?? [])
        {
            if (act.IsGuessed || act.IsPending)
            {
                End(act, act.To);
            }
        }
    }

    private void EndOperation(ThreadState t, long line, bool succeeded)
    {
        sptes.Zapper = sptes.Zapper == t ? null : sptes.Zapper;
        if (t.SlotMarker is { } marker && t.Operation == ActKind.SetFlags)
        {
            slots.Moving = null;
            Act? call = t.Acts?.Call;
            GuestSlot target = GuestSlot.Of(marker);
            if (succeeded)
            {
                slots.Set(target);
            }
            else if (call?.Kind == ActKind.CreateSlot)
            {
                slots.Set(target with { Pages = 0 });
            }

            if (!succeeded && call is not null)
            {
                call.Covers.Clear(); // nothing was changed
            }
        }

        if (t.Acts?.Call is { } over)
        {
            End(over, line);
        }
    }

    private void BeginSlot(ThreadState t, long line, GuestSlot target)
    {
        GuestSlot? old = slots.Find(target.Number);
        ActKind kind = target.Pages == 0 ? (old is null ? ActKind.None : ActKind.DeleteSlot)
            : old is null ? ActKind.CreateSlot
            : old.Gfn != target.Gfn ? ActKind.MoveSlot
            : old.Flags != target.Flags ? ActKind.SetFlags
            : ActKind.None;
        if (kind == ActKind.None)
        {
            return;
        }

        var act = new Act { Thread = t, Kind = kind, From = line, To = line, Target = target };
        if (kind == ActKind.CreateSlot)
        {
            if (deleted.Remove(target.Number, out GuestSlot? before) && before == target)
            {
                act.Before = ActKind.DeleteSlot;
            }

            slots.Set(target);
        }
        else if (kind == ActKind.DeleteSlot)
        {
            deleted[target.Number] = old!;
        }

        slots.Moving = kind == ActKind.MoveSlot ? target : null;
        GuestSlot covered = old ?? target;
        act.Covers.Add(new Cover(covered, 0, covered.Pages));
        BeginCall(t, act);
    }

    private void BeginHarvest(ThreadState t, long line)
    {
        var act = new Act { Thread = t, Kind = t.Operation, From = line, To = line };
        foreach (GuestSlot slot in slots.All)
        {
            if (slot.LogsDirtyPages)
            {
                act.Covers.Add(new Cover(slot, 0, slot.Pages));
            }
        }

        BeginCall(t, act);
    }

    private void BeginCall(ThreadState t, Act act)
    {
        ThreadActs acts = ActsOf(t);
        if (acts.Call is { } before)
        {
            End(before, act.From);
        }

        acts.Call = act;
        Begin(act);
    }

    private bool IsOf(Act access, in TraceRecord r)
    {
        Cover cover = access.Covers[0];
        ulong from = r.A >> PageSize.Shift;
        ulong pages = (r.B - r.A) >> PageSize.Shift;
        if (slots.HasMarkers)
        {
            ulong page = cover.Slot.Page + cover.From;
            return from <= page && page < from + pages;
        }

        if (pages == 1)
        {
            slots.Learn(cover.From, from);
        }

        return pages == 1 || pages == 512;
    }

    private void NoteProtection(Act act)
    {
        if (act.Kind is ActKind.Protect or ActKind.ProtectNone)
        {
            if (protections.Count == MostProtections)
            {
                protections.RemoveAt(0);
            }

            protections.Add((act.Start, act.End, act.Kind));
        }
        else if (act.Kind == ActKind.Unprotect)
        {
            int at = protections.FindLastIndex(p => p.Start < act.End && act.Start < p.End);
            act.Before = at < 0 ? ActKind.Protect : protections[at].Kind;
        }
    }

    // An invalidation that zapped each of its pages gives their addresses away.
    private void LearnFrom(Act act)
    {
        ulong pages = (act.End - act.Start) >> PageSize.Shift;
        if (!slots.HasMarkers && act.Covers.Count == 1 && act.Covers[0] is var cover && cover.To - cover.From == pages && pages <= MostLearnedAtOnce)
        {
            for (ulong i = 0; i < pages; i++)
            {
                slots.Learn(cover.From + i, (act.Start >> PageSize.Shift) + i);
            }
        }
    }

    // The shadow MMU prints no zap.
    private void ZapUnseen(Act act)
    {
        foreach (Cover cover in act.Covers)
        {
            for (ulong page = cover.From; page < Math.Min(cover.To, cover.From + MostZapped); page++)
            {
                sptes.Zapped(cover.Slot.Gfn + page, act.From, act.Kind is ActKind.Unmap or ActKind.Munmap or ActKind.PunchHole);
            }
        }
    }
}
