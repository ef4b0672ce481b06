namespace MmuStress.Traces;

/// <summary>mmu_invalidate_seq, _in_progress and the range as they must be, from one probe to the next.</summary>
/// <remarks>
/// Mirrors: kvm_mmu_invalidate_begin(), _range_add(), _end(), virt/kvm/kvm_main.c (v6.1 and v6.12).
/// Locking: the probes are inside mmu_lock, so that their order in the file is the order of what they show.
/// Differs: a range of gfns is known of the first memslot only; with several it may be wider.
/// </remarks>
internal sealed class InvalidationChain
{
    private bool isKnown;
    private bool hasRange;
    private ulong seq;
    private long inProgress;
    private ulong start;
    private ulong end;

    /// <summary>How many invalidations are in progress; 0 where it is not known.</summary>
    public long InProgress => isKnown ? inProgress : 0;

    /// <summary>Whether ranges are of gfns (6.12) or of host virtual addresses (6.1); null where it is not known.</summary>
    public bool? ByGfn { get; private set; }

    public ulong? Seq => isKnown ? seq : null;

    /// <summary>After lost events nothing is known.</summary>
    public void Forget()
    {
        isKnown = false;
        hasRange = false;
    }

    /// <summary>inv_begin: what is wrong with it; null where nothing is.</summary>
    public string? Begin(in TraceRecord r)
    {
        string? wrong = Compare(r.C, (long)r.D);
        ByGfn = r.E == 1;
        inProgress++;
        if (inProgress == 1)
        {
            (start, end, hasRange) = (r.A, r.B, true);
        }
        else if (hasRange)
        {
            (start, end) = (Math.Min(start, r.A), Math.Max(end, r.B));
        }

        return wrong ?? (r.A >= r.B ? "an invalidation of an empty range" : null);
    }

    /// <summary>inv_end: what is wrong with it.</summary>
    public string? End(in TraceRecord r)
    {
        string? wrong = Compare(r.C, (long)r.D);
        if (inProgress <= 0)
        {
            wrong ??= "an invalidation ends while none is in progress";
        }

        seq++;
        inProgress = Math.Max(inProgress - 1, 0);
        return wrong;
    }

    /// <summary>stale_check: what is wrong with the live state that it saw.</summary>
    public string? See(in TraceRecord r)
    {
        bool wasKnown = isKnown;
        string? wrong = Compare(r.D, (long)r.E);
        if (wrong is not null || !wasKnown || !hasRange)
        {
            return wrong;
        }

        bool isAsKnown = ByGfn == true ? r.F <= start && r.G >= end : r.F == start && r.G == end;
        return isAsKnown || inProgress == 0 && ByGfn == true ? null
            : $"the range is [{r.F:x}, {r.G:x}), but the invalidations before make it [{start:x}, {end:x})";
    }

    private string? Compare(ulong seenSeq, long seenInProgress)
    {
        bool wasKnown = isKnown;
        (ulong expectedSeq, long expectedInProgress) = (seq, inProgress);
        (isKnown, seq, inProgress) = (true, seenSeq, seenInProgress);
        return !wasKnown ? null
            : seenSeq != expectedSeq ? $"mmu_invalidate_seq is {seenSeq}, but the invalidations before make it {expectedSeq}"
            : seenInProgress != expectedInProgress ? $"mmu_invalidate_in_progress is {seenInProgress}, but the invalidations before make it {expectedInProgress}"
            : null;
    }
}
