using System.Runtime.InteropServices;

namespace MmuStress.Traces;

/// <content>Invalidations: from invalidate_range_start to the end of invalidate_range_end, or to what bounds it.</content>
internal sealed partial class VmState
{
    // mn_start and kvm_unmap_hva_range are printed by the same call.
    private void Called(ThreadState t, in TraceRecord r)
    {
        bool isProbe = r.Kind == KvmEvent.MnStart;
        if (!isProbe && t.Open.Count > 0 && t.Open[^1] is { HasProbe: true, IsUnmapSeen: false } mine)
        {
            mine.IsUnmapSeen = true;
            Refuse(r.Line, mine.Start == r.A && mine.End == r.B ? null
                : $"invalidate_range_start was called for [{mine.Start:x}, {mine.End:x}) in line {mine.Line}, but its range is [{r.A:x}, {r.B:x})");
            return;
        }

        if (!isProbe)
        {
            EndOwn(t, r.Time);
        }

        Counts.Invalidations++;
        Counts.OwnInvalidations += t.Vcpu >= 0 ? 1 : 0;
        var invalidation = new Invalidation { Thread = t, Vm = this, Line = r.Line, Time = r.Time, BeginTime = r.Time, Start = r.A, End = r.B, HasProbe = isProbe };
        t.Open.Add(invalidation);
        foreach (Invalidation other in invalidations)
        {
            CountOverlap(other);
            CountOverlap(invalidation);
        }

        invalidations.Add(invalidation);
        windows?.Called(invalidation, r);
        foreach (FaultState fault in faults)
        {
            Meet(fault, invalidation);
        }
    }

    private void CountOverlap(Invalidation invalidation)
    {
        Counts.OverlapsInvalidation += invalidation.OverlapsInvalidation ? 0 : 1;
        invalidation.OverlapsInvalidation = true;
    }

    private void CalledEnd(ThreadState t, in TraceRecord r)
    {
        (ulong start, ulong end) = (r.A, r.B);
        if (t.Open.Count > 0 && !t.Open.Exists(o => o.Start == start && o.End == end))
        {
            Refuse(r.Line, $"invalidate_range_end is called for [{r.A:x}, {r.B:x}), but invalidate_range_start was for [{t.Open[^1].Start:x}, {t.Open[^1].End:x}) in line {t.Open[^1].Line}");
        }

        for (int i = t.Open.Count - 1; i >= 0; i--)
        {
            Invalidation open = t.Open[i];
            if (open.Start == r.A && open.End == r.B && !open.IsAtEnd)
            {
                open.IsAtEnd = true;
                if (open.BeginLine == 0)
                {
                    Closed(open, r.Time);
                }

                return;
            }
        }
    }

    private void Begin(ThreadState t, in TraceRecord r)
    {
        findings.SeesProtocol = true;
        seesBegins = true;
        Refuse(r.Line, chain.Begin(r, CollectionsMarshal.AsSpan(FramesOfBegun(t))));
        episodes.ByGfn = chain.ByGfn;
        lastSectionLine = r.Line;
        Counts.InvalidationsOfSlots++;
        if (t.Open.Count == 0 || t.Open[^1] is not { BeginLine: 0 } open)
        {
            return;
        }

        if (open.HasProbe && r.E == 0 && (open.Start != r.A || open.End != r.B))
        {
            Refuse(r.Line, $"the range begins as [{r.A:x}, {r.B:x}), but invalidate_range_start was called for [{open.Start:x}, {open.End:x}) in line {open.Line}");
        }

        open.BeginLine = r.Line;
        open.BeginTime = r.Time;
    }

    // All frames of the invalidation that the thread begins, where these are of memslots that are known; else none.
    private List<(ulong First, ulong End)>? FramesOfBegun(ThreadState t) =>
        t.Open.Count > 0 && t.Open[^1] is { BeginLine: 0 } open && AreSlotsKnownSince(open.Line) && slots.Exists(s => s.Hva <= open.Start && open.End <= s.Hva + (s.End - s.Gpa))
            ? FramesOf(open.Start, open.End) : null;

    private void End(ThreadState t, in TraceRecord r)
    {
        findings.SeesProtocol = true;
        string? wrong = chain.End(r);
        lastSectionLine = r.Line;
        for (int i = t.Open.Count - 1; i >= 0; i--)
        {
            Invalidation open = t.Open[i];
            if (open.BeginLine > 0)
            {
                wrong ??= !open.IsAtEnd && open.HasProbe ? $"the invalidation of line {open.BeginLine} ends before invalidate_range_end is called"
                    : r.B != 0 && (r.A != open.Start || r.B + 1 != open.End) ? $"the range ends as [{r.A:x}, {r.B + 1:x}), but began in line {open.BeginLine} as [{open.Start:x}, {open.End:x})"
                    : null;
                Closed(open, r.Time);
                break;
            }
        }

        Refuse(r.Line, wrong);
        if (chain.InProgress == 0)
        {
            memslots.Drained();
        }
    }

    // Without probes, the end of an invalidation is only bounded: by what its thread does next.
    private void EndOwn(ThreadState t, long time)
    {
        for (int i = t.Open.Count - 1; i >= 0; i--)
        {
            if (!t.Open[i].HasProbe)
            {
                Closed(t.Open[i], time);
            }
        }
    }

    private void Closed(Invalidation invalidation, long time)
    {
        Counts.InvalidationTimes.Add(time - invalidation.Time);
        invalidation.Thread.Open.Remove(invalidation);
        invalidations.Remove(invalidation);
        windows?.Closed(invalidation, LastLine);
    }

    private void Meet(FaultState fault, Invalidation invalidation)
    {
        if (fault.Thread == invalidation.Thread)
        {
            return;
        }

        Counts.OverlapsFault += invalidation.OverlapsFault ? 0 : 1;
        invalidation.OverlapsFault = true;
        fault.Beside[fault.BesideCount++ % fault.Beside.Length] = invalidation;
    }

    private void FindRaces(FaultState fault, bool isRetried)
    {
        foreach (Invalidation? invalidation in fault.Beside)
        {
            if (invalidation is null || (fault.Hva != 0 && (fault.Hva < invalidation.Start || fault.Hva >= invalidation.End)) || (fault.Hva == 0 && !isRetried))
            {
                continue;
            }

            long distance = Math.Abs((fault.DecisionTime < 0 ? fault.Time : fault.DecisionTime) - invalidation.BeginTime);
            if (findings.IsClose(distance))
            {
                findings.Add(RaceText.Of(distance, isRetried, fault, invalidation, recent));
            }
        }
    }
}
