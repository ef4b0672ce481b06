using System.Runtime.InteropServices;

namespace MmuStress.Traces;

/// <summary>What each thread of an episode must have done, step by step, with what is unseen between its events.</summary>
/// <remarks>
/// Mirrors: direct_page_fault(), kvm_tdp_page_fault(), kvm_tdp_mmu_map(), fast_page_fault(), kvm_mmu_notifier_invalidate_range_start() and
/// _end(), kvm_tdp_mmu_unmap_gfn_range(), kvm_mmu_zap_all_fast() (v6.1 and v6.12).
/// What a fault does where there is a choice follows from what came of it: one that must be tried again took its snapshot as early as it
/// could, since then it is stale whenever any other is; one that asked for its SPTE looked at nothing that a snapshot could tell it.
/// </remarks>
internal sealed class EpisodePlan
{
    private readonly Dictionary<SpteKey, int> indexes = [];
    private readonly Dictionary<(int Thread, int Depth), List<int>> chainOf = [];
    private readonly List<SpteKey> leaves = [];
    private readonly List<ThreadPlan> threads = [];
    private Episode episode = null!;
    private SpteTable table = null!;
    private bool hasManyRoots;

    /// <summary>The steps of each thread.</summary>
    public IReadOnlyList<ThreadPlan> Threads => threads;

    /// <summary>The entries that the episode is about.</summary>
    public List<SpteKey> Entries { get; } = [];

    /// <summary>For each invalidation, the entries that may be leaves in its range.</summary>
    public List<List<int>> Ranges { get; } = [];

    /// <summary>For each entry of a huge page that is split, the entries of its table.</summary>
    public Dictionary<int, List<int>> Splits { get; } = [];

    /// <summary>For each invalidation, whether a probe shows its end.</summary>
    public List<bool> HasVisibleEnd { get; } = [];

    /// <summary>The invalidations that end one after another, as they are of one thread and not part of one another.</summary>
    public List<List<int>> Chains { get; } = [];

    /// <summary>For each invalidation, the event before which it has ended; behind the last where there is none.</summary>
    public List<int> Deadlines { get; } = [];

    /// <summary>For each invalidation, the event that shows it; behind the last where that is left out.</summary>
    public List<int> Unmaps { get; } = [];

    /// <summary>What is_page_fault_stale() said, in the order of the events that show it.</summary>
    public List<EpisodeVerdict> Verdicts { get; } = [];

    /// <summary>How many roots there are in the beginning.</summary>
    public int Roots { get; private set; }

    /// <summary>How many there are in the end.</summary>
    public int RootsAtEnd { get; private set; }

    /// <summary>The episode.</summary>
    public Episode Episode => episode;

    /// <summary>What the entries hold in the beginning.</summary>
    public SpteTable Table => table;

    /// <summary>What the entries' bits mean.</summary>
    public SpteBits Bits { get; private set; } = SpteBits.Npt;

    /// <summary>Whether ranges of invalidations are of guest frames, as since v6.8, or of host virtual addresses.</summary>
    public bool ByGfn { get; set; } = true;

    /// <summary>For each invalidation, when it begins and what ends before that, in the order that is preferred.</summary>
    public List<InvalidationChoice> Choices { get; } = [];

    /// <summary>Makes the plan.</summary>
    /// <param name="of">The episode.</param>
    /// <param name="sptes">What the entries hold in the beginning.</param>
    /// <param name="bits">What the entries' bits mean.</param>
    public void Make(Episode of, SpteTable sptes, SpteBits bits)
    {
        (episode, table, Bits) = (of, sptes, bits);
        indexes.Clear();
        Entries.Clear();
        Chains.Clear();
        Verdicts.Clear();
        chainOf.Clear();
        HasVisibleEnd.Clear();
        HasVisibleEnd.AddRange(Enumerable.Repeat(false, episode.Invalidations.Count));
        Unmaps.Clear();
        Unmaps.AddRange(Enumerable.Repeat(int.MaxValue, episode.Invalidations.Count));
        Choices.Clear();
        Choices.AddRange(Enumerable.Repeat(default(InvalidationChoice), episode.Invalidations.Count));
        Roots = RootsAtEnd = table.Roots;
        while (threads.Count < episode.Threads.Count)
        {
            threads.Add(new ThreadPlan());
        }

        for (int i = 0; i < episode.Threads.Count; i++)
        {
            threads[i].Clear();
        }

        Span<EpisodeEvent> events = CollectionsMarshal.AsSpan(episode.Events);
        for (int i = events.Length - 1; i >= 0; i--)
        {
            ThreadPlan t = threads[events[i].Thread];
            t.Upcoming.Push(i);
        }

        // Of which root it looks at an entry, an event does not say.
        hasManyRoots = table.Roots > 1 || episode.Events.Exists(e => e.Kind == EpisodeEventKind.ZapAllFast);
        for (int i = 0; i < events.Length; i++)
        {
            ThreadPlan t = threads[events[i].Thread];
            t.Upcoming.Pop();
            Add(t, i, events);
        }

        for (int i = 0; i < episode.Threads.Count; i++)
        {
            threads[i].EndSection();
        }

        FindRanges();
        FindSplits(events);
        FindDeadlines();
    }

    /// <summary>Leaves out whatever has nothing to do with an obstacle: an order that the rest does not allow, the whole does not allow either.</summary>
    /// <param name="obstacle">The obstacle; its step is of the plan as it was made.</param>
    public void Relax(in Obstacle obstacle)
    {
        bool isEntry = obstacle.Kind is ObstacleKind.Entry or ObstacleKind.LeftOver;
        for (int i = 0; i < episode.Threads.Count; i++)
        {
            if (isEntry)
            {
                threads[i].KeepEntry(obstacle.Index, Splits, obstacle.Kind == ObstacleKind.LeftOver && i == obstacle.Thread ? obstacle.Step : -1);
            }
            else
            {
                threads[i].KeepInvalidations(i == obstacle.Thread ? obstacle.Step : -1);
            }
        }

        if (isEntry)
        {
            Chains.Clear();
        }
        else
        {
            Ranges.ForEach(range => range.Clear());
        }
    }

    private void Add(ThreadPlan t, int at, Span<EpisodeEvent> events)
    {
        ref EpisodeEvent e = ref events[at];
        switch (e.Kind)
        {
            case EpisodeEventKind.Fault:
                t.EndSection();
                t.WaitForEnds();
                t.Print(at);
                t.BeginFault(at, e.A, e.B);
                if (IsRetried(t, events))
                {
                    t.Snapshot(isEager: true);
                }

                break;
            case EpisodeEventKind.FastFixed:
                t.Change(IndexOf(0, e.A, LeafLevel(e.A, e.B)), e.B, e.C);
                t.Print(at);
                break;
            case EpisodeEventKind.FastSeen:
                int seen = hasManyRoots ? -1 : IndexOf(0, e.A, 1);
                if (seen >= 0)
                {
                    t.Check(seen, e.B);
                }

                t.Print(at);
                if (seen >= 0 && e.C != SpteBits.Unknown)
                {
                    t.Check(seen, e.C);
                }

                break;
            case EpisodeEventKind.Requested:
                t.EndSection();
                t.WaitForEnds();
                t.LockFresh();
                t.Print(at);
                Verdicts.Add(t.VerdictAt(at, isStale: false));
                break;
            case EpisodeEventKind.Set:
                t.Print(at);
                t.Check(IndexOf(0, e.A, (int)e.C), e.B);
                break;
            case EpisodeEventKind.Changed:
                t.BeginSection(NeedsYield(t, at, events));
                t.Change(IndexOf(e.E, e.A, (int)e.D), e.B, e.C);
                t.Print(at);
                break;
            case EpisodeEventKind.Unmap:
                t.EndSection();
                t.EndOthers(episode.Invalidations, e.A, e.B);
                t.Snapshot(isEager: false);
                t.Print(at);
                Unmaps[(int)e.C] = at;
                AddToChain(e.Thread, t.BeginInvalidation((int)e.C, hasZaps: HasZaps(t, events)), (int)e.C);
                break;
            case EpisodeEventKind.UnmapElsewhere:
                t.EndSection();
                t.EndOthers(episode.Invalidations, e.A, e.B);
                t.Print(at);
                break;
            case EpisodeEventKind.ChangePte:
                t.EndSection();
                t.Print(at);
                t.BeginChangePte();
                break;
            case EpisodeEventKind.InvalidateBegin:
                t.LockInvalidation();
                t.Print(at);
                t.Begin();
                break;
            case EpisodeEventKind.InvalidateEnd:
                t.EndSection();
                if (t.LastInvalidation is int ended)
                {
                    HasVisibleEnd[ended] = true;
                    t.Lock();
                    t.Print(at);
                    t.EndVisibly();
                }
                else
                {
                    t.Print(at);
                }

                break;
            case EpisodeEventKind.ZapAllFast:
                t.EndSection();
                t.Lock();
                t.Print(at);
                t.AddRoot();
                RootsAtEnd++;
                break;
            case EpisodeEventKind.FaultRetried:
                t.EndSection();
                t.WaitForEnds();
                t.FindStale();
                t.Print(at);
                Verdicts.Add(t.VerdictAt(at, isStale: true));
                t.EndFault();
                break;
            default:
                t.EndSection();
                t.WaitForEnds();
                t.Print(at);
                t.EndFault();
                break;
        }
    }

    // Whether the fault that the thread begins ends by being tried again.
    private static bool IsRetried(ThreadPlan t, Span<EpisodeEvent> events)
    {
        foreach (int i in t.Upcoming)
        {
            if (events[i].Kind is EpisodeEventKind.FaultRetried or EpisodeEventKind.FaultDone or EpisodeEventKind.Fault)
            {
                return events[i].Kind == EpisodeEventKind.FaultRetried;
            }
        }

        return false;
    }

    private static bool HasZaps(ThreadPlan t, Span<EpisodeEvent> events) =>
        t.Upcoming.TryPeek(out int next) && events[next].Kind is EpisodeEventKind.Changed or EpisodeEventKind.InvalidateBegin;

    // Whether another thread's event, of what goes on under mmu_lock, is between this zap and the thread's event before.
    private static bool NeedsYield(ThreadPlan t, int at, Span<EpisodeEvent> events)
    {
        for (int i = t.LastPrint + 1; i < at; i++)
        {
            if (events[i].Thread != events[at].Thread && events[i].Kind is EpisodeEventKind.Requested or EpisodeEventKind.Changed or EpisodeEventKind.Set or EpisodeEventKind.FaultRetried
                or EpisodeEventKind.InvalidateBegin or EpisodeEventKind.InvalidateEnd or EpisodeEventKind.ZapAllFast)
            {
                return true;
            }
        }

        return false;
    }

    private void AddToChain(int thread, int depth, int invalidation)
    {
        if (!chainOf.TryGetValue((thread, depth), out List<int>? chain))
        {
            chain = [];
            chainOf.Add((thread, depth), chain);
            Chains.Add(chain);
        }

        chain.Add(invalidation);
    }

    private int IndexOf(ulong space, ulong gfn, int level)
    {
        SpteKey key = SpteKey.Of(space, gfn, level);
        if (!indexes.TryGetValue(key, out int index))
        {
            index = Entries.Count;
            indexes.Add(key, index);
            Entries.Add(key);
        }

        return index;
    }

    // fast_page_fault does not print the level: a huge page's is that at which one is known.
    private int LeafLevel(ulong gfn, ulong spte)
    {
        if (!SpteBits.IsHuge(spte))
        {
            return 1;
        }

        return indexes.ContainsKey(SpteKey.Of(0, gfn, 3)) || SpteBits.IsLeaf(table.Get(table.Roots - 1, SpteKey.Of(0, gfn, 3)), 3) ? 3 : 2;
    }

    private void FindRanges()
    {
        Ranges.Clear();
        foreach (EpisodeInvalidation invalidation in episode.Invalidations)
        {
            var range = new List<int>();
            foreach ((ulong first, ulong end) in invalidation.Frames ?? [])
            {
                leaves.Clear();
                table.FindLeaves(first, end, leaves);
                foreach (SpteKey key in leaves)
                {
                    IndexOf(key.Space, key.Gfn, key.Level);
                }

                for (int i = 0; i < Entries.Count; i++)
                {
                    if (Entries[i].Space == 0 && Entries[i].Gfn < end && first < Entries[i].End)
                    {
                        range.Add(i);
                    }
                }
            }

            Ranges.Add(range);
        }
    }

    private void FindSplits(Span<EpisodeEvent> events)
    {
        Splits.Clear();
        foreach (ref EpisodeEvent e in events)
        {
            if (e.Kind == EpisodeEventKind.Changed && SpteBits.IsSplit(e.B, e.C, (int)e.D))
            {
                var key = SpteKey.Of(e.E, e.A, (int)e.D);
                Splits[indexes[key]] = Enumerable.Range(0, Entries.Count)
                    .Where(i => Entries[i].Level == key.Level - 1 && Entries[i].Space == key.Space && key.Gfn <= Entries[i].Gfn && Entries[i].Gfn < key.End)
                    .ToList();
            }
        }
    }

    private void FindDeadlines()
    {
        Deadlines.Clear();
        Deadlines.AddRange(Enumerable.Repeat(episode.Events.Count, episode.Invalidations.Count));
        for (int i = 0; i < episode.Threads.Count; i++)
        {
            int next = episode.Events.Count;
            for (int at = threads[i].Steps.Count - 1; at >= 0; at--)
            {
                EpisodeStep step = threads[i].Steps[at];
                if (step.Kind == EpisodeStepKind.Print)
                {
                    next = step.Index;
                }
                else if (step.Kind == EpisodeStepKind.WaitForEnd)
                {
                    Deadlines[step.Index] = next;
                }
            }
        }
    }
}
