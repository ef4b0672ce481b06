using System.Numerics;

namespace MmuStress.Explorer;

/// <summary>The events of one run so far, and which of them the memory model has before which others.</summary>
/// <remarks>
/// <para>
/// <b>Guarantee.</b> A graph that is built only from events that <see cref="Allows"/> allowed is consistent under the model, by its exact axioms
/// for the events there are; an event that reads the newest write, or writes after it, is always allowed.
/// </para>
/// <para>
/// <b>Mechanism.</b> A model is an acyclic relation, beside coherence for each location (which <see cref="Location"/> keeps). Under sc that is
/// po | rf | co | fr; under tso ppo | mfence | rfe | co | fr; under lkmm hb | prop ; strong-fence, which is acyclic exactly when hb and pb of
/// linux-kernel.cat are. An event is added last in program order, so all edges that it adds begin or end at it, and those that begin at it
/// exist only where it reads or writes something old: an edge to what overwrites it, or (lkmm) a prop that begins with that. So the set
/// of everything before an event is kept in one row of bits, and a cycle is looked for only where something old is read or written.
/// </para>
/// <para>
/// Mirrors: tools/memory-model/linux-kernel.cat (v6.8) for marked accesses, fences, fully ordered atomics and locks. A read-modify-write is one
/// event. Stronger: every read is ordered before the later writes of its CPU, as if those depended on it. Weaker: dep ; rfi is left out of ppo.
/// </para>
/// </remarks>
internal sealed class EventGraph
{
    /// <summary>How many events there can be.</summary>
    public const int Capacity = 512;

    private const int ScratchRows = 12;

    private readonly BitRows before = new(); // everything before the event, and the event: closed
    private readonly BitRows cumul = new(); // cumul-fence* to the event
    private readonly BitRows prop = new(); // prop to the event, but what overwrites begin at the event itself
    private readonly BitRows seen = new(); // cumul-fence* ; rfe? to the event
    private readonly BitRows strong = new(); // cumul-fence* ; rfe? ; strong-fence to the event
    private readonly BitRows overwritten = new(); // (co | fr) & ext to the event
    private readonly BitRows unlockCumul = new(); // cumul-fence* to what is before an unlock
    private readonly BitRows unlockProp = new();
    private readonly BitRows causes = new(); // po | rf, closed
    private readonly BitRows own = new(); // events of a CPU
    private readonly BitRows cpuCauses = new();

    // What is before the CPU's next access, by what the access is and by what barriers there were:
    private readonly BitRows beforeAll = new(); // any
    private readonly BitRows beforeReads = new(); // since smp_rmb()
    private readonly BitRows beforeWrites = new(); // since smp_wmb()
    private readonly BitRows reads = new(); // its reads, and what is before them
    private readonly BitRows writes = new();

    // cumul-fence* and prop to what a barrier will have, or has, before it:
    private readonly BitRows allSeen = new();
    private readonly BitRows allProp = new();
    private readonly BitRows allCumul = new(); // without rfe
    private readonly BitRows allCumulProp = new();
    private readonly BitRows writtenCumul = new();
    private readonly BitRows writtenProp = new();
    private readonly BitRows strongSeen = new();
    private readonly BitRows strongProp = new();
    private readonly BitRows wmbCumul = new();
    private readonly BitRows wmbProp = new();
    private readonly BitRows lockCumul = new();
    private readonly BitRows lockProp = new();

    private readonly BitRows scratch = new();
    private readonly BitRows[] closedOfCpu;
    private readonly (BitRows Cumul, BitRows Prop)[] pairsOfCpu;
    private readonly BitRows[] ofEvents;
    private readonly BitRows[] ofCpus;

    private readonly byte[] cpus = new byte[Capacity];
    private readonly int[] sources = new int[Capacity];
    private readonly Traits[] traits = new Traits[Capacity];
    private MemoryModel model;
    private int width;
    private int words = 1;
    private int preparedCpu;
    private Traits prepared;
    private Location? preparedAt;

    /// <summary>An empty graph.</summary>
    public EventGraph()
    {
        closedOfCpu = [beforeAll, beforeReads, beforeWrites, reads, writes];
        pairsOfCpu =
        [
            (allSeen, allProp), (allCumul, allCumulProp), (writtenCumul, writtenProp), (strongSeen, strongProp), (wmbCumul, wmbProp), (lockCumul, lockProp),
        ];
        ofEvents = [before, cumul, prop, seen, strong, overwritten, unlockCumul, unlockProp, causes];
        ofCpus = [own, cpuCauses, .. closedOfCpu, .. pairsOfCpu.SelectMany(p => new[] { p.Cumul, p.Prop })];
    }

    /// <summary>How many events there are; they are numbered in the order in which they were added.</summary>
    public int Count { get; private set; }

    /// <summary>How many 64-bit words a set of events has.</summary>
    public int Words => words;

    /// <summary>Whether po | rf is kept, closed, for <see cref="CausesOf"/>.</summary>
    public bool TracksCauses { get; set; }

    private Span<ulong> Before => scratch[0];

    private Span<ulong> Cumul => scratch[1];

    private Span<ulong> Prop => scratch[2];

    private Span<ulong> Strong => scratch[3];

    private Span<ulong> StrongProp => scratch[4];

    private Span<ulong> Total => scratch[5];

    private Span<ulong> TotalProp => scratch[6];

    private Span<ulong> Must => scratch[7];

    private Span<ulong> Later => scratch[8];

    private Span<ulong> Earlier => scratch[9];

    private Span<ulong> Successors => scratch[10];

    private Span<ulong> Block => scratch[11];

    /// <summary>Forgets everything.</summary>
    /// <param name="memory">The memory model.</param>
    /// <param name="cpuCount">How many CPUs there are.</param>
    public void Begin(MemoryModel memory, int cpuCount)
    {
        model = memory;
        width = cpuCount;
        words = Math.Max(1, (Count + 63) >> 6); // as many as the last run needed
        Count = 0;
        foreach (BitRows rows in ofEvents)
        {
            rows.Reset(words * 64, words);
        }

        foreach (BitRows rows in ofCpus)
        {
            rows.Reset(width, words);
        }

        scratch.Reset(ScratchRows, words);
        foreach (BitRows rows in ofCpus)
        {
            rows.Clear();
        }
    }

    /// <summary>Whose event <paramref name="e"/> is.</summary>
    public int CpuOf(int e) => cpus[e];

    /// <summary>The write that <paramref name="e"/> reads from.</summary>
    public int SourceOf(int e) => sources[e];

    /// <summary>What <paramref name="e"/> does.</summary>
    public Traits TraitsOf(int e) => traits[e];

    /// <summary>Everything that is before <paramref name="e"/> by program order and reads-from, and <paramref name="e"/>.</summary>
    public ReadOnlySpan<ulong> CausesOf(int e) => causes[e];

    /// <summary>Everything that is before the next event of <paramref name="cpu"/> in the same sense.</summary>
    public ReadOnlySpan<ulong> CausesOfCpu(int cpu) => cpuCauses[cpu];

    /// <summary>smp_rmb().</summary>
    public void ReadBarrier(int cpu) => BitRows.Add(beforeReads[cpu], reads[cpu]);

    /// <summary>smp_wmb().</summary>
    public void WriteBarrier(int cpu)
    {
        BitRows.Add(beforeWrites[cpu], writes[cpu]);
        BitRows.Add(wmbCumul[cpu], writtenCumul[cpu]);
        BitRows.Add(wmbProp[cpu], writtenProp[cpu]);
    }

    /// <summary>smp_mb().</summary>
    public void FullBarrier(int cpu)
    {
        BitRows.Add(beforeAll[cpu], reads[cpu]);
        BitRows.Add(beforeAll[cpu], writes[cpu]);
        BitRows.Add(strongSeen[cpu], allSeen[cpu]);
        BitRows.Add(strongProp[cpu], allProp[cpu]);
        Close(beforeAll[cpu], strongProp[cpu]);
    }

    /// <summary>Everything there is comes before whatever <paramref name="cpu"/> does from now on.</summary>
    public void JoinAll(int cpu)
    {
        for (int e = 0; e < Count; e++)
        {
            BitRows.Put(beforeAll[cpu], e);
            BitRows.Put(cpuCauses[cpu], e);
        }
    }

    /// <summary>Says what the next event is; <see cref="Allows"/> and <see cref="Commit"/> are about it.</summary>
    /// <param name="cpu">Whose it is.</param>
    /// <param name="what">What it does and orders.</param>
    /// <param name="at">Where; null for a whole block.</param>
    public void Prepare(int cpu, Traits what, Location? at)
    {
        preparedCpu = cpu;
        prepared = what;
        preparedAt = at;
        Block.Clear();
        Span<ulong> base0 = Before;
        beforeAll[cpu].CopyTo(base0);
        bool isFull = what.HasAny(Traits.Full);
        bool isRead = what.HasAny(Traits.Read);
        bool isWrite = what.HasAny(Traits.Write);
        if (model != MemoryModel.Lkmm)
        {
            BitRows.Add(base0, reads[cpu]);
            if (model == MemoryModel.Sc || isWrite || what.HasAny(Traits.Full | Traits.Lock))
            {
                BitRows.Add(base0, writes[cpu]);
            }

            return;
        }

        bool isLock = what.HasAny(Traits.Lock);
        strongSeen[cpu].CopyTo(Strong);
        strongProp[cpu].CopyTo(StrongProp);
        if (isFull)
        {
            BitRows.Add(base0, reads[cpu]);
            BitRows.Add(base0, writes[cpu]);
            BitRows.Add(Strong, allSeen[cpu]);
            BitRows.Add(StrongProp, allProp[cpu]);
            Close(base0, StrongProp);
        }

        Strong.CopyTo(Cumul);
        StrongProp.CopyTo(Prop);
        BitRows.Add(Cumul, lockCumul[cpu]);
        BitRows.Add(Prop, lockProp[cpu]);
        if (isRead && !what.HasAny(Traits.Silent))
        {
            BitRows.Add(base0, beforeReads[cpu]);
        }

        if (isWrite && !isLock)
        {
            BitRows.Add(base0, beforeWrites[cpu]);
            BitRows.Add(base0, reads[cpu]);
            BitRows.Add(Cumul, wmbCumul[cpu]);
            BitRows.Add(Prop, wmbProp[cpu]);
            if (at is not null && at.LastWriteOf(cpu) is var last and >= 0)
            {
                BitRows.Add(base0, before[last]);
            }
        }

        if (what.HasAny(Traits.Release))
        {
            BitRows.Add(base0, reads[cpu]);
            BitRows.Add(base0, writes[cpu]);
            BitRows.Add(Cumul, allSeen[cpu]);
            BitRows.Add(Prop, allProp[cpu]);
        }
    }

    /// <summary>Whether the prepared event may read from <paramref name="source"/> and be overwritten by everything from place <paramref name="place"/> on.</summary>
    /// <param name="source">The write that it reads; <see cref="Location.Initial"/> for the initial content, or where it reads nothing.</param>
    /// <param name="place">The place of the first write that is to be after it.</param>
    /// <returns>True when the graph stays consistent.</returns>
    public bool Allows(int source, int place)
    {
        Location at = preparedAt!;
        if (place >= at.Count)
        {
            return true;
        }

        Later.Clear();
        for (int i = place; i < at.Count; i++)
        {
            BitRows.Put(Later, at.Writes[i]);
        }

        ComputeEarlier(at, place);
        ComputeTotal(source);
        if (model != MemoryModel.Lkmm)
        {
            return !BitRows.Meet(Total, Later);
        }

        ComputeMust();
        return !BitRows.Meet(Must, Later);
    }

    /// <summary>Whether the prepared event could be overwritten by everything from place <paramref name="place"/> on, whatever it reads.</summary>
    /// <param name="place">The place of the first write that is to be after it.</param>
    /// <returns>False when nothing older has to be looked at.</returns>
    public bool AllowsOlder(int place) => Allows(Location.Initial, place);

    /// <summary>Has the prepared event, a write to a whole block, overwrite everything that accessed a word of it.</summary>
    /// <param name="at">The word.</param>
    public void Overwrite(Location at) => BitRows.Add(Block, at.Touched);

    /// <summary>Notes that <paramref name="e"/> accesses <paramref name="at"/>.</summary>
    /// <param name="at">The word.</param>
    /// <param name="e">The event.</param>
    public void Touch(Location at, int e)
    {
        if (at.Touched.Length < words)
        {
            ulong[] wider = new ulong[words];
            at.Touched.CopyTo(wider, 0);
            at.Touched = wider;
        }

        BitRows.Put(at.Touched, e);
    }

    /// <summary>Adds the prepared event.</summary>
    /// <param name="source">The write that it reads; <see cref="Location.Initial"/> for none.</param>
    /// <param name="place">The place of the first write that is after it; the number of writes where none is.</param>
    /// <returns>Its number.</returns>
    public int Commit(int source, int place)
    {
        int e = Count;
        if (e >> 6 == words)
        {
            Grow();
        }

        Count++;
        int cpu = preparedCpu;
        cpus[e] = (byte)cpu;
        sources[e] = source;
        traits[e] = prepared;
        bool hasLater = preparedAt is { } at && place < at.Count;
        ComputeEarlier(preparedAt, place);
        ComputeTotal(source);
        Span<ulong> mine = before[e];
        Total.CopyTo(mine);
        BitRows.Put(mine, e);
        if (TracksCauses)
        {
            Span<ulong> mineCauses = cpuCauses[cpu];
            if (source >= 0)
            {
                BitRows.Add(mineCauses, causes[source]);
            }

            BitRows.Put(mineCauses, e);
            mineCauses.CopyTo(causes[e]);
        }

        BitRows.Put(own[cpu], e);
        if (model == MemoryModel.Lkmm)
        {
            CommitLkmm(e, cpu, source);
        }
        else
        {
            CommitOrdered(e, cpu);
        }

        if (preparedAt is { } location)
        {
            if (hasLater)
            {
                Later.Clear();
                for (int i = place; i < location.Count; i++)
                {
                    BitRows.Put(Later, location.Writes[i]);
                }

                AddEdgesFrom(e, cpu);
            }

            Touch(location, e);
        }

        return e;
    }

    private void CommitOrdered(int e, int cpu)
    {
        Span<ulong> mine = before[e];
        if (prepared.HasAny(Traits.Read))
        {
            BitRows.Add(reads[cpu], mine);
        }

        if (prepared.HasAny(Traits.Write))
        {
            BitRows.Add(writes[cpu], mine);
        }

        if (prepared.HasAny(Traits.Full | Traits.Lock))
        {
            BitRows.Add(beforeAll[cpu], mine);
        }
    }

    private void CommitLkmm(int e, int cpu, int source)
    {
        bool isExternal = source >= 0 && cpus[source] != cpu;
        bool isLock = prepared.HasAny(Traits.Lock);
        Span<ulong> mine = before[e];
        Span<ulong> myCumul = cumul[e];
        Span<ulong> myProp = prop[e];
        Span<ulong> mySeen = seen[e];
        Cumul.CopyTo(myCumul);
        Prop.CopyTo(myProp);
        if (source >= 0 && (prepared & Traits.Rmw) == Traits.Rmw)
        {
            // cumul-fence ; (rf ; rmw)*
            BitRows.Add(myCumul, cumul[source]);
            myCumul[source >> 6] &= ~(1UL << (source & 63));
            BitRows.Add(myProp, prop[source]);
            if (isLock && traits[source].HasAny(Traits.Unlock))
            {
                // po-unlock-lock-po, from what is before the unlock to what is after the lock
                BitRows.Add(lockCumul[cpu], unlockCumul[source]);
                BitRows.Add(lockProp[cpu], unlockProp[source]);
                BitRows.Add(myCumul, unlockCumul[source]);
                BitRows.Add(myProp, unlockProp[source]);
            }
        }

        BitRows.Put(myCumul, e);
        Earlier.CopyTo(overwritten[e]);
        Strong.CopyTo(strong[e]);
        myCumul.CopyTo(mySeen);
        Span<ulong> full = TotalProp;
        myProp.CopyTo(full);
        BitRows.Add(full, Earlier);
        BitRows.Put(full, e);
        if (prepared.HasAny(Traits.Write) && !isLock)
        {
            BitRows.Add(writes[cpu], mine);
            BitRows.Add(writtenCumul[cpu], myCumul);
            BitRows.Add(writtenProp[cpu], full);
        }

        if (prepared.HasAny(Traits.Unlock))
        {
            allCumul[cpu].CopyTo(unlockCumul[e]);
            allCumulProp[cpu].CopyTo(unlockProp[e]);
        }

        BitRows.Add(allCumul[cpu], myCumul);
        BitRows.Add(allCumulProp[cpu], full);
        if (isExternal)
        {
            BitRows.Add(mySeen, cumul[source]);
            AddPropOf(full, source);
        }

        BitRows.Add(allSeen[cpu], mySeen);
        BitRows.Add(allProp[cpu], full);
        if (prepared.HasAny(Traits.Read) && !prepared.HasAny(Traits.Silent))
        {
            BitRows.Add(reads[cpu], mine);
        }

        if (prepared.HasAny(Traits.Acquire))
        {
            BitRows.Add(beforeAll[cpu], mine);
        }

        if (isLock)
        {
            // po ; [UL] ; po ; [LKR] ; po: an unlock of this CPU, of whatever lock
            for (int i = words - 1; i >= 0; i--)
            {
                for (ulong left = own[cpu][i]; left != 0;)
                {
                    int last = 63 - BitOperations.LeadingZeroCount(left);
                    int other = (i << 6) + last;
                    if (traits[other].HasAny(Traits.Unlock))
                    {
                        BitRows.Add(beforeAll[cpu], before[other]);
                        BitRows.Add(lockCumul[cpu], unlockCumul[other]);
                        BitRows.Add(lockProp[cpu], unlockProp[other]);
                        i = 0; // earlier ones are before it
                        break;
                    }

                    left &= ~(1UL << last);
                }
            }
        }

        if (prepared.HasAny(Traits.Full))
        {
            FullBarrier(cpu);
        }
    }

    // The event reads or is placed before Later: what follows from that for everything there is.
    private void AddEdgesFrom(int e, int cpu)
    {
        Span<ulong> to = Successors;
        if (model != MemoryModel.Lkmm)
        {
            Later.CopyTo(to);
        }
        else
        {
            to.Clear();
            for (int x = 0; x < e; x++)
            {
                if (BitRows.Meet(strong[x], Later) || (cpus[x] == cpu && BitRows.Meet(seen[x], Later)))
                {
                    BitRows.Put(to, x);
                }
            }
        }

        Span<ulong> mine = before[e];
        for (int x = 0; x < e; x++)
        {
            if (BitRows.Meet(before[x], to))
            {
                BitRows.Add(before[x], mine);
            }
        }

        foreach (BitRows rows in closedOfCpu)
        {
            for (int c = 0; c < width; c++)
            {
                if (BitRows.Meet(rows[c], to))
                {
                    BitRows.Add(rows[c], mine);
                }
            }
        }

        if (model != MemoryModel.Lkmm)
        {
            return;
        }

        for (int c = 0; c < width; c++)
        {
            if (BitRows.Meet(strongSeen[c], Later))
            {
                BitRows.Add(beforeAll[c], mine);
            }

            foreach ((BitRows reached, BitRows props) in pairsOfCpu)
            {
                if (BitRows.Meet(reached[c], Later))
                {
                    BitRows.Put(props[c], e);
                }
            }
        }

        for (int x = 0; x < Count; x++)
        {
            if (x != e && BitRows.Has(Later, x))
            {
                BitRows.Put(overwritten[x], e);
            }

            if (traits[x].HasAny(Traits.Unlock) && BitRows.Meet(unlockCumul[x], Later))
            {
                BitRows.Put(unlockProp[x], e);
            }

            if (MeetsLaterBut(x))
            {
                BitRows.Put(prop[x], e);
            }
        }

        // Whether a cumul-fence, and not only none, leads from what is later to x.
        bool MeetsLaterBut(int x)
        {
            ReadOnlySpan<ulong> reached = cumul[x];
            ulong common = 0;
            for (int i = 0; i < reached.Length; i++)
            {
                common |= reached[i] & Later[i] & ~(i == x >> 6 ? 1UL << (x & 63) : 0);
            }

            return common != 0;
        }
    }

    // What overwriting has before the event: writes before its place, and what reads from those.
    private void ComputeEarlier(Location? at, int place)
    {
        Span<ulong> earlier = Earlier;
        earlier.Clear();
        if (at is null)
        {
            Block.CopyTo(earlier);
        }
        else if (!prepared.HasAny(Traits.Write) || (model == MemoryModel.Lkmm && prepared.HasAny(Traits.Lock | Traits.Unlock)))
        {
            return; // the writes of locks come one after the other anyhow
        }
        else if (place >= at.Count)
        {
            at.Touched.CopyTo(earlier);
        }
        else
        {
            for (int i = 0; i < place; i++)
            {
                if (at.Writes[i] >= 0)
                {
                    BitRows.Put(earlier, at.Writes[i]);
                }
            }

            for (int i = 0; i < at.Touched.Length; i++)
            {
                for (ulong left = at.Touched[i]; left != 0; left &= left - 1)
                {
                    int x = (i << 6) + BitOperations.TrailingZeroCount(left);
                    if (traits[x].HasAny(Traits.Read) && at.PlaceOf(sources[x]) < place)
                    {
                        BitRows.Put(earlier, x);
                    }
                }
            }
        }

        if (model == MemoryModel.Lkmm)
        {
            Span<ulong> mine = own[preparedCpu];
            for (int i = 0; i < earlier.Length; i++)
            {
                earlier[i] &= ~mine[i];
            }
        }
    }

    // Everything before the prepared event where it reads from source.
    private void ComputeTotal(int source)
    {
        Span<ulong> total = Total;
        Before.CopyTo(total);
        if (model == MemoryModel.Lkmm)
        {
            bool isExternal = source >= 0 && cpus[source] != preparedCpu;
            Span<ulong> full = TotalProp;
            Prop.CopyTo(full);
            if (isExternal)
            {
                BitRows.Add(total, before[source]);
                AddPropOf(full, source);
            }

            // (prop \ id) & int
            Span<ulong> mine = own[preparedCpu];
            for (int i = 0; i < full.Length; i++)
            {
                full[i] &= mine[i];
            }

            Close(total, full);
            return;
        }

        if (source >= 0 && (model == MemoryModel.Sc || cpus[source] != preparedCpu))
        {
            BitRows.Add(total, before[source]);
        }

        Close(total, Earlier);
    }

    // The writes that would make a cycle if the prepared event were overwritten by them: a prop from them leads to what is before it.
    private void ComputeMust()
    {
        Span<ulong> must = Must;
        Span<ulong> total = Total;
        Strong.CopyTo(must);
        for (int c = 0; c < width; c++)
        {
            if (BitRows.LastOf(total, own[c]) is var last and >= 0)
            {
                BitRows.Add(must, strong[last]); // those of earlier events of that CPU are in it
            }
        }

        Span<ulong> mine = own[preparedCpu];
        for (int i = 0; i < total.Length; i++)
        {
            for (ulong left = total[i] & mine[i]; left != 0; left &= left - 1)
            {
                BitRows.Add(must, seen[(i << 6) + BitOperations.TrailingZeroCount(left)]);
            }
        }
    }

    private void AddPropOf(Span<ulong> set, int e)
    {
        BitRows.Add(set, prop[e]);
        BitRows.Add(set, overwritten[e]);
        BitRows.Put(set, e);
    }

    // Adds to set everything before what is in more.
    private void Close(Span<ulong> set, ReadOnlySpan<ulong> more)
    {
        for (int i = 0; i < set.Length; i++)
        {
            for (ulong left; (left = more[i] & ~set[i]) != 0;)
            {
                BitRows.Add(set, before[(i << 6) + BitOperations.TrailingZeroCount(left)]);
            }
        }
    }

    private void Grow()
    {
        words++;
        foreach (BitRows rows in ofEvents)
        {
            rows.Grow(words * 64, words);
        }

        foreach (BitRows rows in ofCpus)
        {
            rows.Grow(width, words);
        }

        scratch.Grow(ScratchRows, words);
    }
}
