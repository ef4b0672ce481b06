namespace MmuStress.Traces;

/// <summary>What stage 2 maps, now and some thousand changes ago.</summary>
/// <remarks>
/// Differs: an event does not say which root its SPTE belongs to. When all roots become obsolete nothing is mapped in the new one; what is
/// zapped by who made them so is of the old ones.
/// </remarks>
/// <param name="mostFollowed">How many frames are followed.</param>
internal sealed class SpteHistory(int mostFollowed = 1 << 18)
{
    private const int Remembered = 1 << 12;
    private const ulong HostWritable = 1UL << 9;
    private const ulong WritableBit = 1UL << 1;
    private const int PagesOfHuge = 512;
    private readonly Change[] ring = new Change[Remembered];
    private Dictionary<ulong, PageState> states = [];
    private Dictionary<ulong, PageState>? beforeObsolete;
    private long count;
    private long obsoleteLine;
    private bool isFull;

    /// <summary>Who zaps obsolete roots.</summary>
    public ThreadState? Zapper { get; set; }

    /// <summary>kvm_tdp_mmu_spte_changed.</summary>
    /// <param name="t">Whose event it is.</param>
    /// <param name="r">The event.</param>
    /// <param name="isDropped">Whether the host is giving the page back.</param>
    public void Changed(ThreadState t, in TraceRecord r, bool isDropped)
    {
        (bool was, bool isNow) = (SpteBits.IsLeaf(r.B, (int)r.D), SpteBits.IsLeaf(r.C, (int)r.D));
        if (r.E != 0 || t == Zapper || (!was && !isNow))
        {
            return;
        }

        // What was mapped before the trace began shows when it goes.
        Put(KeyOf(r.A, r.D > 1), r.Line, isNow ? StateOf(r.C) : isDropped ? PageState.Dropped : PageState.None, was ? StateOf(r.B) : PageState.None);
    }

    /// <summary>kvm_mmu_set_spte and fast_page_fault: the frame may be written by now.</summary>
    public void MadeWritable(ulong gfn, long line)
    {
        ulong key = KeyOf(gfn, isHuge: false);
        if (states.TryGetValue(key, out PageState state) && state.HasFlag(PageState.Mapped))
        {
            Put(key, line, state | PageState.Writable);
        }
    }

    /// <summary>kvm_mmu_set_spte, for the MMU that prints no other event of it.</summary>
    public void Set(ulong gfn, ulong spte, ulong level, long line)
    {
        if (SpteBits.IsLeaf(spte, (int)level))
        {
            Put(KeyOf(gfn, level > 1), line, StateOf(spte));
        }
    }

    /// <summary>A frame is mapped no more, in an MMU that prints no event of it.</summary>
    public void Zapped(ulong gfn, long line, bool isDropped)
    {
        ulong key = KeyOf(gfn, isHuge: false);
        if (states.ContainsKey(key))
        {
            Put(key, line, isDropped ? PageState.Dropped : PageState.None);
        }
    }

    /// <summary>All roots become obsolete.</summary>
    public void MakeObsolete(ThreadState by, long line)
    {
        Zapper = by;
        obsoleteLine = line;
        beforeObsolete = states;
        isFull = false;
        states = [];
        foreach ((ulong key, PageState state) in beforeObsolete)
        {
            if (state == PageState.Dropped)
            {
                states[key] = state;
            }
        }
    }

    public static bool IsReadOnlyOfHost(ulong spte) => (spte & (WritableBit | HostWritable)) == 0;

    /// <summary>What a frame was just before a line; null where that is too long ago, or the frame is not followed.</summary>
    public PageState? Before(ulong gfn, long line)
    {
        (ulong small, ulong huge) = (KeyOf(gfn, isHuge: false), KeyOf(gfn, isHuge: true));
        Dictionary<ulong, PageState> then = states;
        if (obsoleteLine >= line)
        {
            if (beforeObsolete is null)
            {
                return null;
            }

            then = beforeObsolete;
        }

        bool isKnown = then.TryGetValue(small, out PageState smallState) | then.TryGetValue(huge, out PageState hugeState) | !isFull;
        long oldest = Math.Max(0, count - Remembered);
        for (long i = count - 1; i >= oldest; i--)
        {
            Change change = ring[i % Remembered];
            if (change.Line < line)
            {
                return isKnown ? Join(smallState, hugeState) : null;
            }

            // What came after the roots became obsolete is not of these states.
            if (then == beforeObsolete && change.Line >= obsoleteLine)
            {
                continue;
            }

            isKnown |= change.Key == small || change.Key == huge;
            smallState = change.Key == small ? change.Old : smallState;
            hugeState = change.Key == huge ? change.Old : hugeState;
        }

        return oldest == 0 && isKnown ? Join(smallState, hugeState) : null;
    }

    public void Forget()
    {
        states.Clear();
        beforeObsolete = null;
        obsoleteLine = 0;
        isFull = false;
        count = 0;
        Zapper = null;
    }

    private static PageState Join(PageState small, PageState huge) => small.HasFlag(PageState.Mapped) || !huge.HasFlag(PageState.Mapped) ? small : huge;

    private static ulong KeyOf(ulong gfn, bool isHuge) => isHuge ? ((gfn / PagesOfHuge) << 1) | 1 : gfn << 1;

    private static PageState StateOf(ulong spte) => PageState.Mapped | ((spte & WritableBit) != 0 ? PageState.Writable : PageState.None)
        | (IsReadOnlyOfHost(spte) ? PageState.ReadOnlyOfHost : PageState.None);

    private void Put(ulong key, long line, PageState state, PageState unknown = PageState.None)
    {
        bool isKnown = states.TryGetValue(key, out PageState old);
        old = isKnown ? old : unknown;
        if (!isKnown && states.Count >= mostFollowed)
        {
            isFull = true;
            return;
        }

        if (state == PageState.None)
        {
            states.Remove(key);
        }
        else
        {
            states[key] = state;
        }

        ring[count++ % Remembered] = new Change(line, key, old);
    }

    private readonly record struct Change(long Line, ulong Key, PageState Old);
}
