namespace MmuStress.Traces;

/// <summary>The steps of one thread of an episode, as they are put together.</summary>
internal sealed class ThreadPlan
{
    private enum Section : byte
    {
        None,

        /// <summary>A fault's: mmu_lock for read with the TDP MMU, and the SPTE that it asked for.</summary>
        Fault,

        /// <summary>The zaps of an invalidation, which has not begun.</summary>
        Unbegun,

        /// <summary>The zaps of an invalidation, with mmu_lock held.</summary>
        Zaps,

        /// <summary>change_pte, without mmu_lock yet.</summary>
        UnbegunChangePte,

        /// <summary>change_pte, with mmu_lock held.</summary>
        ChangePte,
    }

    private const int DeepestNesting = 2;
    private readonly List<int> open = [];
    private Section section;
    private int faultEvent;
    private ulong gfn;
    private ulong hva;
    private bool isInFault;
    private bool hasSnapshot;

    /// <summary>The steps.</summary>
    public List<EpisodeStep> Steps { get; } = [];

    /// <summary>Its events that are not planned yet.</summary>
    public Stack<int> Upcoming { get; } = new();

    /// <summary>The last event that it prints so far; -1 before the first.</summary>
    public int LastPrint { get; private set; }

    /// <summary>Its last invalidation that has not ended.</summary>
    public int? LastInvalidation => open.Count == 0 ? null : open[^1];

    public void Clear()
    {
        Steps.Clear();
        Upcoming.Clear();
        open.Clear();
        section = Section.None;
        LastPrint = -1;
        isInFault = false;
        hasSnapshot = false;
    }

    public void Print(int at)
    {
        LastPrint = at;
        Add(EpisodeStepKind.Print, at);
    }

    public void BeginFault(int at, ulong frame, ulong address)
    {
        (faultEvent, gfn, hva) = (at, frame, address);
        isInFault = true;
        hasSnapshot = false;
    }

    public void EndFault()
    {
        isInFault = false;
        hasSnapshot = false;
    }

    /// <summary>Of a fault, if it has none.</summary>
    public void Snapshot(bool isEager)
    {
        if (isInFault && !hasSnapshot)
        {
            hasSnapshot = true;
            Add(EpisodeStepKind.Snapshot, 0, isEager: isEager);
        }
    }

    public void LockFresh()
    {
        Add(EpisodeStepKind.LockFresh, hasSnapshot ? 1 : 0, isInFault ? gfn : ulong.MaxValue, isInFault ? hva : 0);
        section = Section.Fault;
    }

    public EpisodeVerdict VerdictAt(int at, bool isStale) => new(faultEvent, at, isStale, gfn, hva);

    public void FindStale() => Add(EpisodeStepKind.FindStale, 0, gfn, hva);

    public void Change(int entry, ulong from, ulong to) => Add(EpisodeStepKind.Change, entry, from, to);

    public void Check(int entry, ulong value) => Add(EpisodeStepKind.Check, entry, 0, value, isEager: true);

    /// <summary>invalidate_range_start: with nothing to zap it is best done at once, as long as nothing is there.</summary>
    /// <returns>How many others it is part of.</returns>
    public int BeginInvalidation(int invalidation, bool hasZaps)
    {
        int depth = open.Count;
        open.Add(invalidation);
        section = Section.Unbegun;
        if (!hasZaps)
        {
            Add(EpisodeStepKind.Lock, 0, isEager: true);
            Add(EpisodeStepKind.Begin, invalidation, isEager: true);
            Add(EpisodeStepKind.UnlockClear, invalidation, isEager: true);
            section = Section.None;
        }

        return depth;
    }

    public void BeginChangePte() => section = Section.UnbegunChangePte;

    /// <summary>An entry is going to be changed, under mmu_lock if that is taken for it.</summary>
    public void BeginSection(bool yields)
    {
        if (section == Section.UnbegunChangePte)
        {
            Lock();
            section = Section.ChangePte;
        }
        else if (section == Section.Unbegun)
        {
            LockInvalidation();
            Begin();
        }

        if (section == Section.Zaps && yields)
        {
            Add(EpisodeStepKind.Yield, 0);
        }
    }

    /// <summary>The lock of an invalidation that has not begun.</summary>
    public void LockInvalidation()
    {
        if (section == Section.Unbegun)
        {
            Lock();
        }
    }

    /// <summary>The invalidation begins; mmu_lock is held.</summary>
    public void Begin()
    {
        if (section == Section.Unbegun)
        {
            Add(EpisodeStepKind.Begin, open[^1]);
            section = Section.Zaps;
        }
    }

    /// <summary>Whatever mmu_lock was held for is over.</summary>
    public void EndSection()
    {
        switch (section)
        {
            case Section.Fault or Section.ChangePte:
                Add(EpisodeStepKind.Unlock, 0);
                break;
            case Section.Zaps:
                Add(EpisodeStepKind.UnlockClear, open[^1]);
                break;
            case Section.Unbegun:
                Lock();
                Begin();
                Add(EpisodeStepKind.UnlockClear, open[^1]);
                break;
        }

        section = Section.None;
    }

    public void Lock() => Add(EpisodeStepKind.Lock, 0);

    /// <summary>A probe shows the end of the last invalidation.</summary>
    public void EndVisibly()
    {
        Add(EpisodeStepKind.End, open[^1]);
        Add(EpisodeStepKind.Unlock, 0);
        open.RemoveAt(open.Count - 1);
    }

    public void AddRoot()
    {
        Add(EpisodeStepKind.AddRoot, 0);
        Add(EpisodeStepKind.Unlock, 0);
    }

    /// <summary>Another invalidation begins: those that it has nothing in common with have ended; it may be part of the others, as when a huge page is split.</summary>
    public void EndOthers(IReadOnlyList<EpisodeInvalidation> invalidations, ulong start, ulong end)
    {
        for (int i = open.Count - 1; i >= 0; i--)
        {
            EpisodeInvalidation other = invalidations[open[i]];
            if (end <= other.Start || start >= other.End || i >= DeepestNesting)
            {
                Add(EpisodeStepKind.WaitForEnd, open[i]);
                open.RemoveAt(i);
            }
        }
    }

    /// <summary>The thread goes on to something else: its invalidations have ended.</summary>
    public void WaitForEnds()
    {
        foreach (int invalidation in open)
        {
            Add(EpisodeStepKind.WaitForEnd, invalidation);
        }

        open.Clear();
    }

    /// <summary>Keeps of the plan what one entry holds, without any lock.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="splits">Which entries become which when a huge page is split.</param>
    /// <param name="leftOver">The step that waits for the entry to be zapped; -1 where none does.</param>
    public void KeepEntry(int entry, Dictionary<int, List<int>> splits, int leftOver)
    {
        if (leftOver >= 0)
        {
            Steps[leftOver] = Steps[leftOver] with { Kind = EpisodeStepKind.Clear, Old = (ulong)entry };
        }

        Steps.RemoveAll(step => step.Kind switch
        {
            EpisodeStepKind.Print or EpisodeStepKind.Clear or EpisodeStepKind.AddRoot => false,
            EpisodeStepKind.Change or EpisodeStepKind.Check => step.Index != entry && !(splits.TryGetValue(step.Index, out List<int>? children) && children.Contains(entry)),
            _ => true,
        });
    }

    /// <summary>Keeps of the plan when invalidations begin and end.</summary>
    /// <param name="fault">The step at which a fault looks whether it is stale; -1 where that is another thread's.</param>
    public void KeepInvalidations(int fault)
    {
        var kept = new List<EpisodeStep>();
        bool isFaultLeftOut = false;
        for (int i = 0; i < Steps.Count; i++)
        {
            bool isLeftOut = Steps[i].Kind switch
            {
                EpisodeStepKind.Change or EpisodeStepKind.Check => true,
                EpisodeStepKind.LockFresh or EpisodeStepKind.FindStale => i != fault,
                EpisodeStepKind.Snapshot => fault < 0,
                EpisodeStepKind.Unlock => isFaultLeftOut,
                _ => false,
            };
            isFaultLeftOut = Steps[i].Kind switch
            {
                EpisodeStepKind.LockFresh => isLeftOut,
                EpisodeStepKind.Unlock => false,
                _ => isFaultLeftOut,
            };
            if (!isLeftOut)
            {
                kept.Add(Steps[i]);
            }
        }

        Steps.Clear();
        Steps.AddRange(kept);
    }

    private void Add(EpisodeStepKind kind, int index, ulong old = 0, ulong now = 0, bool isEager = false) =>
        Steps.Add(new EpisodeStep { Kind = kind, Index = index, Old = old, New = now, IsEager = isEager });
}
