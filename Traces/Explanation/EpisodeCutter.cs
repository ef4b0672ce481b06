namespace MmuStress.Traces;

/// <summary>Cuts what a VM does into episodes, at the times at which no fault and no invalidation is in flight.</summary>
internal sealed class EpisodeCutter(Explainer explainer, Conclusions conclusions)
{
    // A thread that does nothing more after its invalidation holds up no episode for longer.
    private const int LongestWait = 1024;
    private const int StormEvents = 6; // three faults of a thread
    private const int LongestHold = 512;
    private const int MostEvents = 8192;

    private readonly Episode episode = new();
    private readonly List<ThreadState> busy = [];
    private readonly HashSet<ThreadState> gone = [];
    private int number = 1;
    private bool hasLost;
    private int heldUntil;

    /// <summary>What the SPTEs hold.</summary>
    public SpteTable Table { get; } = new();

    /// <summary>Whether an entry may hold a value now, by what was seen last; null where nothing was.</summary>
    public bool? MayHold(SpteKey key, ulong spte)
    {
        for (int i = episode.Events.Count - 1; i >= 0; i--)
        {
            EpisodeEvent e = episode.Events[i];
            if (e.Kind == EpisodeEventKind.Changed && SpteKey.Of(e.E, e.A, (int)e.D) == key)
            {
                return Bits.CanBe(e.C, spte);
            }
        }

        bool isKnown = true;
        for (int root = 0; root < Table.Roots; root++)
        {
            ulong held = Table.Get(root, key);
            isKnown &= held != SpteBits.Unknown;
            if (held != SpteBits.Unknown && Bits.CanBe(held, spte))
            {
                return true;
            }
        }

        return isKnown ? false : null;
    }

    /// <summary>What their bits mean.</summary>
    public SpteBits Bits { get; set; } = SpteBits.Npt;

    /// <summary>Whether all memslots are known.</summary>
    public bool KnowsSlots { get; set; }

    /// <summary>Whether there is a TDP MMU: its SPTEs' events were seen.</summary>
    public bool HasTdpMmu { get; set; }

    /// <summary>Whether ranges of invalidations are of guest frames, or of host virtual addresses; null where it is not known.</summary>
    public bool? ByGfn { get; set; }

    /// <summary>Whether an invalidation may be in progress of which no episode knows.</summary>
    public bool MayBeInvalidating => hasLost || gone.Count > 0;

    /// <summary>Whether the thread may be in an operation that began before the episode, or before events were lost.</summary>
    public bool IsInUnknown(ThreadState t) => gone.Count > 0 && gone.Contains(t);

    /// <summary>Adds an event.</summary>
    public void Add(ThreadState t, in TraceRecord r, EpisodeEventKind kind, ulong a, ulong b, ulong c = 0, ulong d = 0, ulong e = 0) =>
        episode.Events.Add(new EpisodeEvent { Line = r.Line, Thread = IndexOf(t), Kind = kind, A = a, B = b, C = c, D = d, E = e });

    /// <summary>A fault was tried again, and its thread is through with it.</summary>
    /// <remarks>
    /// Of a storm of retries, in which nobody does anything else, the first and the last are kept of each thread: what explains these explains those
    /// in between.
    /// </remarks>
    public void EndStorm(ThreadState t)
    {
        int thread = t.Explained.Index;
        Span<int> mine = stackalloc int[StormEvents];
        int found = 0;
        for (int i = episode.Events.Count - 1; i >= 0 && found < StormEvents; i--)
        {
            EpisodeEvent e = episode.Events[i];
            if (e.Kind is not (EpisodeEventKind.Fault or EpisodeEventKind.FaultRetried))
            {
                return;
            }

            if (e.Thread == thread)
            {
                mine[found++] = i;
            }
        }

        if (found == StormEvents && episode.Events[mine[1]].A == episode.Events[mine[3]].A && episode.Events[mine[3]].A == episode.Events[mine[5]].A)
        {
            episode.Events.RemoveAt(mine[2]);
            episode.Events.RemoveAt(mine[3]);
        }
    }

    /// <summary>A fault begins.</summary>
    public void BeginFault(ThreadState t)
    {
        MakeRoomFor(t);
        t.Explained.IsInFault = true;
        t.Explained.Since = episode.Events.Count;
        Occupy(t);
    }

    /// <summary>An invalidation begins.</summary>
    /// <param name="t">Its thread.</param>
    /// <param name="invalidation">What it is.</param>
    /// <returns>Its number in the episode.</returns>
    public int BeginInvalidation(ThreadState t, EpisodeInvalidation invalidation)
    {
        MakeRoomFor(t);
        t.Explained.Invalidations++;
        t.Explained.Since = episode.Events.Count;
        Occupy(t);
        episode.Invalidations.Add(invalidation);
        return episode.Invalidations.Count - 1;
    }

    /// <summary>The thread is through with its fault and its invalidations.</summary>
    public void Release(ThreadState t)
    {
        t.Explained.IsInFault = false;
        t.Explained.Invalidations = 0;
        busy.Remove(t);
    }

    /// <summary>The last invalidation of the thread has ended.</summary>
    public void EndInvalidation(ThreadState t)
    {
        t.Explained.Invalidations--;
        if (t.Explained.Invalidations == 0 && !t.Explained.IsInFault)
        {
            Release(t);
        }
    }

    /// <summary>The thread begins something else: what no episode knows of has ended.</summary>
    public void IsAlive(ThreadState t) => gone.Remove(t);

    /// <summary>An event was added, or a thread released: the episode is explained if nothing is in flight.</summary>
    public void Close()
    {
        if (busy.Count == 0)
        {
            // A thread may have changed an SPTE before it was seen to begin anything, and print that later.
            CutIf(mayWait: episode.Events.Count < (episode.IsHeld ? heldUntil : int.MaxValue));
            return;
        }

        if (episode.Events.Count > LongestWait)
        {
            for (int i = busy.Count - 1; i >= 0; i--)
            {
                ThreadState t = busy[i];
                if (episode.Events.Count - t.Explained.Since > LongestWait)
                {
                    gone.Add(t);
                    Release(t);
                }
            }
        }

        if (busy.Count == 0 || episode.Events.Count > MostEvents || episode.IsFull)
        {
            Cut();
        }
    }

    /// <summary>Explains what there is, whatever is in flight.</summary>
    public void Cut() => CutIf(mayWait: false);

    /// <summary>Forgets what the SPTEs hold, and what is in flight.</summary>
    public void ForgetSptes()
    {
        Drop();
        Table.Forget();
    }

    /// <summary>Forgets everything: events were lost.</summary>
    public void Forget()
    {
        Drop();
        gone.Clear();
        hasLost = true;
        Table.Forget();
    }

    private void CutIf(bool mayWait)
    {
        episode.HasTdpMmu = HasTdpMmu;
        episode.ByGfn = ByGfn;
        if (!KnowsSlots)
        {
            LeaveOutUnmaps();
        }

        if (explainer.Explain(episode, Table, Bits, mayWait, conclusions))
        {
            Drop();
        }
        else if (!episode.IsHeld)
        {
            episode.IsHeld = true;
            heldUntil = episode.Events.Count + LongestHold;
        }
    }

    // Where no memslot is known an unmap may be of none, and then neither takes mmu_lock nor invalidates, unless its thread is seen to.
    private void LeaveOutUnmaps()
    {
        Span<bool> isZapping = stackalloc bool[episode.Threads.Count];
        for (int i = episode.Events.Count - 1; i >= 0; i--)
        {
            EpisodeEvent e = episode.Events[i];
            if (e.Kind == EpisodeEventKind.Unmap && !isZapping[e.Thread])
            {
                episode.Events.RemoveAt(i);
            }

            isZapping[e.Thread] = e.Kind is EpisodeEventKind.Changed or EpisodeEventKind.InvalidateBegin;
        }
    }

    private void Drop()
    {
        episode.Clear();
        number++;
        for (int i = busy.Count - 1; i >= 0; i--)
        {
            gone.Add(busy[i]);
            Release(busy[i]);
        }
    }

    private void Occupy(ThreadState t)
    {
        if (!busy.Contains(t))
        {
            busy.Add(t);
        }
    }

    private bool HasIndex(ThreadState t) => t.Explained.Episode == number && ReferenceEquals(t.Explained.Cutter, this);

    private void MakeRoomFor(ThreadState t)
    {
        if (episode.IsFull && !HasIndex(t))
        {
            Cut();
        }
    }

    private int IndexOf(ThreadState t)
    {
        if (!HasIndex(t))
        {
            (t.Explained.Cutter, t.Explained.Episode, t.Explained.Index) = (this, number, episode.Threads.Count);
            episode.Threads.Add(t.ToString());
        }

        return t.Explained.Index;
    }
}
