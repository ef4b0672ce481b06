using MmuStress.Mmu;

namespace MmuStress.Traces;

/// <summary>mmu_invalidate_seq, _in_progress and the range as the model has them, against what the probes show.</summary>
/// <remarks>
/// Mirrors: kvm_mmu_invalidate_begin(), _range_add(), _end(), virt/kvm/kvm_main.c, is_page_fault_stale(), arch/x86/kvm/mmu/mmu.c (v6.1 and v6.12).
/// Locking: the probes are inside mmu_lock, so that their order in the file is the order of what they show.
/// Differs: the probe shows the frames of the first memslot only; where it is not known which others there are, the range may be wider.
/// </remarks>
/// <param name="seqBits">The width of the model's mmu_invalidate_seq.</param>
internal sealed class InvalidationChain(int seqBits = 64)
{
    private const ulong HighestUserAddress = 0x00ff_ffff_ffff_ffff;
    private readonly ModelledInvalidation model = new(seqBits);
    private bool isKnown;
    private bool hasRange;
    private bool isExact; // it is no wider than that

    /// <summary>How many invalidations are in progress; 0 where it is not known.</summary>
    public ulong InProgress => isKnown ? model.InProgress : 0;

    /// <summary>Whether ranges are of gfns (6.12) or of host virtual addresses (6.1); null where it is not known.</summary>
    public bool? ByGfn { get; private set; }

    public ulong? Seq => isKnown ? model.Seq : null;

    /// <summary>Whether the fault has a memslot; without one it is never stale.</summary>
    public static bool HasSlot(in TraceRecord check) => check.B is not 0 and <= HighestUserAddress;

    /// <summary>After lost events nothing is known.</summary>
    public void Forget()
    {
        isKnown = false;
        hasRange = false;
    }

    /// <summary>inv_begin: what is wrong with it; null where nothing is.</summary>
    /// <param name="r">What the probe saw.</param>
    /// <param name="frames">All frames of it; empty where they are not known.</param>
    public string? Begin(in TraceRecord r, ReadOnlySpan<(ulong First, ulong End)> frames = default)
    {
        string? wrong = Compare(r.C, r.D);
        ByGfn = r.E == 1;
        bool isFirst = model.InProgress == 0;
        hasRange |= isFirst;
        isExact = (isFirst || isExact) && (ByGfn == false || frames.Length > 0);
        (ulong start, ulong end) = Added(r.A, r.B);
        if (ByGfn == false)
        {
            model.Begin(start, end);
        }
        else
        {
            model.Begin(frames.Length > 0 ? frames : [(start, end)]);
        }

        return wrong ?? (r.A >= r.B ? "an invalidation of an empty range" : null);
    }

    /// <summary>inv_end: what is wrong with it.</summary>
    public string? End(in TraceRecord r)
    {
        string? wrong = Compare(r.C, r.D);
        if (model.InProgress == 0)
        {
            model.Seq++;
            return wrong ?? "an invalidation ends while none is in progress";
        }

        model.End();
        return wrong;
    }

    /// <summary>stale_check: what is wrong with the live state that it saw.</summary>
    public string? See(in TraceRecord r)
    {
        bool wasKnown = isKnown;
        string? wrong = Compare(r.D, r.E);
        (ulong start, ulong end) = model.Range;
        bool isRight = !wasKnown || !hasRange || (isExact ? r.F == start && r.G == end : r.F <= start && r.G >= end);
        model.Range = Added(r.F, r.G);
        hasRange |= r.E != 0 && ByGfn is not null;
        isExact |= hasRange;
        return wrong
            ?? (r.E != 0 && r.F == Kvm.InvalidGpa ? "an invalidation is in progress to which no range was added"
            : isRight ? null
            : $"the range is [{r.F:x}, {r.G:x}), but the invalidations before make it [{start:x}, {end:x})");
    }

    /// <summary>Whether the model says that the fault which has just been seen is stale; null where it is not known by what ranges go and that decides.</summary>
    public bool? IsStale(in TraceRecord check)
    {
        if (ByGfn is { } byGfn)
        {
            return model.MustRetry(check.C, check.A, check.B, byGfn);
        }

        bool asGfn = model.MustRetry(check.C, check.A, check.B, byGfn: true);
        return asGfn == model.MustRetry(check.C, check.A, check.B, byGfn: false) ? asGfn : null;
    }

    // The model warns of a range that nobody has added, as the kernel does.
    private (ulong Start, ulong End) Added(ulong start, ulong end) =>
        (Math.Min(start, Kvm.InvalidGpa - 1), ByGfn == false ? end : Math.Min(end, Kvm.InvalidGpa - 1));

    // From here on the model has what was seen.
    private string? Compare(ulong seenSeq, ulong seenInProgress)
    {
        (bool wasKnown, ulong seq, ulong inProgress) = (isKnown, model.Seq, model.InProgress);
        (isKnown, model.Seq, model.InProgress) = (true, seenSeq, seenInProgress);
        if (!wasKnown && seenInProgress != 0)
        {
            model.Range = (0, 0); // there is one, whatever it is
        }

        return !wasKnown ? null
            : seenSeq != seq ? $"mmu_invalidate_seq is {seenSeq}, but the invalidations before make it {seq}"
            : seenInProgress != inProgress ? $"mmu_invalidate_in_progress is {(long)seenInProgress}, but the invalidations before make it {inProgress}"
            : null;
    }
}
