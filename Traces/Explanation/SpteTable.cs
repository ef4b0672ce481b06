namespace MmuStress.Traces;

/// <summary>What the SPTEs of a VM hold, between episodes: those of the root that faults use, and those of roots that are obsolete.</summary>
/// <remarks>Differs: in bounded memory. Where it would not be enough, everything is forgotten, and nothing is concluded from what was before.</remarks>
internal sealed class SpteTable
{
    private const int MostEntries = 1 << 20;
    private const int MostRoots = 8;
    private const int HighestLeafLevel = 3;
    private readonly List<Root> roots = [new Root(IsComplete: false)];

    /// <summary>How many roots there are; the last is the one in use.</summary>
    public int Roots => roots.Count;

    /// <summary>Its page tables are empty: the trace shows how the VM is made.</summary>
    public void BeginEmpty()
    {
        roots.Clear();
        roots.Add(new Root(IsComplete: true));
    }

    /// <summary>Nothing is known any more.</summary>
    public void Forget()
    {
        roots.Clear();
        roots.Add(new Root(IsComplete: false));
    }

    /// <summary>What an entry holds.</summary>
    /// <param name="root">The root's number, from the oldest.</param>
    /// <param name="key">Which.</param>
    /// <returns>Its value, or <see cref="SpteBits.Unknown"/>.</returns>
    public ulong Get(int root, SpteKey key) =>
        roots[root].Entries.TryGetValue(key, out ulong spte) ? spte : roots[root].IsComplete ? SpteBits.Empty : SpteBits.Unknown;

    /// <summary>Says what an entry holds.</summary>
    /// <param name="root">The root's number.</param>
    /// <param name="key">Which.</param>
    /// <param name="spte">Its value.</param>
    public void Set(int root, SpteKey key, ulong spte)
    {
        (Dictionary<SpteKey, ulong> entries, bool isComplete) = roots[root];
        if (isComplete && SpteBits.IsEmpty(spte))
        {
            entries.Remove(key);
        }
        else if (spte != SpteBits.Unknown)
        {
            entries[key] = spte;
        }
    }

    /// <summary>A huge page is split: no event shows the entries of its table.</summary>
    /// <param name="root">The root's number.</param>
    /// <param name="key">The huge page's entry.</param>
    /// <param name="huge">What it held.</param>
    public void Split(int root, SpteKey key, ulong huge)
    {
        int level = key.Level - 1;
        for (ulong gfn = key.Gfn; gfn < key.End; gfn = SpteKey.Of(key.Space, gfn, level).End)
        {
            Set(root, SpteKey.Of(key.Space, gfn, level), SpteBits.MakeSplit(huge, level, gfn - key.Gfn));
        }
    }

    /// <summary>All roots are obsolete from now on, and a new one is empty: kvm_mmu_zap_all_fast().</summary>
    public void AddRoot() => roots.Add(new Root(IsComplete: true));

    /// <summary>Lets go of roots with nothing left in them, and of everything where it is too much.</summary>
    public void Trim()
    {
        roots.RemoveAll(root => root.IsComplete && root.Entries.Count == 0 && root != roots[^1]);
        if (roots.Count > MostRoots || roots.Sum(root => (long)root.Entries.Count) > MostEntries)
        {
            Forget();
        }
    }

    /// <summary>The leaves that are present in the root in use, in a range of frames of the first address space.</summary>
    /// <param name="first">The first frame.</param>
    /// <param name="end">Behind the last.</param>
    /// <param name="found">Takes them.</param>
    public void FindLeaves(ulong first, ulong end, List<SpteKey> found)
    {
        Dictionary<SpteKey, ulong> entries = roots[^1].Entries;
        if (end - first > (ulong)entries.Count)
        {
            foreach ((SpteKey key, ulong spte) in entries)
            {
                if (key.Space == 0 && key.Gfn < end && first < key.End && SpteBits.IsLeaf(spte, key.Level))
                {
                    found.Add(key);
                }
            }

            return;
        }

        for (ulong gfn = first; gfn < end; gfn++)
        {
            for (int level = 1; level <= HighestLeafLevel; level++)
            {
                SpteKey key = SpteKey.Of(0, gfn, level);
                if ((key.Gfn == gfn || gfn == first) && entries.TryGetValue(key, out ulong spte) && SpteBits.IsLeaf(spte, level))
                {
                    found.Add(key);
                }
            }
        }
    }

    private sealed record Root(bool IsComplete)
    {
        public Dictionary<SpteKey, ulong> Entries { get; } = [];

        public void Deconstruct(out Dictionary<SpteKey, ulong> entries, out bool isComplete) => (entries, isComplete) = (Entries, IsComplete);
    }
}
