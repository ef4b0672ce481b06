using System.Numerics;
using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>Every execution graph of a program, once each.</summary>
/// <remarks>
/// <para>
/// Source: Kokologiannakis, Marmanis, Gladstein and Vafeiadis, "Truly stateless, optimal dynamic partial order reduction" (POPL 2022). An
/// event is added to a graph in every way that the memory model allows; a write is also given to reads that were added before it, which takes
/// back what came after those, provided that all of it was added in the one way that counts (<see cref="IsMaximal"/>). Graphs that are still to be
/// gone on from are kept on a stack; their number depends on the length of an execution, not on how many there are.
/// </para>
/// <para>
/// A graph is set up again by running the program: its events happen in the order in which they were added, but for a revisited read, which
/// happens after the write that it now reads. What follows is decided afresh.
/// </para>
/// <para>
/// Differs: a lock is one event that reads from the unlock before it. A lock that is taken before another one that was added earlier leaves that
/// one pending until it is given back, so no execution waits for a lock in vain. A read-modify-write is one event whose write can be added again.
/// </para>
/// </remarks>
internal sealed class GraphSearch : IStrategy
{
    private readonly Stack<GraphTask> open = new();
    private readonly Stack<GraphTask> spare = new();
    private readonly List<int> ready = [];
    private readonly List<int> deferred = [];
    private readonly List<int> late = [];
    private readonly int[] eventOf = new int[EventGraph.Capacity];
    private readonly int[] entryOf = new int[EventGraph.Capacity];
    private readonly int[] renumbered = new int[EventGraph.Capacity];
    private readonly bool[] keptRead = new bool[EventGraph.Capacity];
    private readonly bool[] keptWrite = new bool[EventGraph.Capacity];
    private readonly int[] lastHead = new int[ExploredMachine.MaxCpus];
    private readonly int[] stepOfHead = new int[ExploredMachine.MaxCpus];
    private readonly int[] nextGiven = new int[ExploredMachine.MaxCpus];
    private readonly ulong[] past = new ulong[EventGraph.Capacity / 64];
    private GraphEntry[] entries = new GraphEntry[64];
    private GraphMemory memory = null!;
    private EventGraph graph = null!;
    private int count; // of entries
    private int given; // how many of them the task says
    private int performed; // how many of those have happened
    private int pending; // how many of them wait for a lock
    private int scanned;
    private int stamp;
    private int current; // the entry that is happening
    private int revisited;
    private bool isCut;
    private bool isRecording;

    /// <summary>A search from the empty graph.</summary>
    public GraphSearch() => open.Push(new GraphTask());

    /// <inheritdoc/>
    public bool IsReplay => true;

    /// <summary>Whether the last run did not end as an execution: what it was to try is not consistent.</summary>
    public bool WasCut => isCut;

    /// <summary>Ends the run: the graph is too large, or does not tell all.</summary>
    public void GiveUp()
    {
        isCut = true;
        IsPartial = true;
    }

    /// <summary>Whether something was met that the search does not explore in every way.</summary>
    public bool IsPartial { get; private set; }

    /// <summary>How many graphs are still to be gone on from.</summary>
    public int Open => open.Count;

    /// <summary>The graph of the last run, for <see cref="Repeat"/>.</summary>
    private GraphTask last = new();

    /// <summary>Says which memory the runs have.</summary>
    public void Attach(GraphMemory owner, EventGraph events)
    {
        memory = owner;
        graph = events;
        graph.TracksCauses = true;
    }

    /// <inheritdoc/>
    public bool Begin(long index)
    {
        if (!open.TryPop(out GraphTask? task))
        {
            return false;
        }

        if (last.Count >= 0)
        {
            spare.Push(last);
        }

        last = task;
        isRecording = false;
        Load(task);
        return true;
    }

    /// <summary>Has the next run repeat the last one, and make its choices as decisions that a schedule can hold.</summary>
    public void Repeat()
    {
        isRecording = true;
        Load(last);
    }

    private void Load(GraphTask task)
    {
        count = task.Count;
        given = count;
        if (entries.Length < count)
        {
            entries = new GraphEntry[count * 2];
        }

        Array.Copy(task.Entries, entries, count);
        stamp = 0;
        pending = 0;
        for (int i = 0; i < count; i++)
        {
            eventOf[i] = -1;
            pending += entries[i].IsPending ? 1 : 0;
            stamp = Math.Max(stamp, Math.Max(entries[i].ReadStamp, entries[i].WriteStamp) + 1);
        }

        revisited = task.Revisited;
        performed = 0;
        scanned = 0;
        isCut = false;
        ready.Clear();
        deferred.Clear();
        late.Clear();
        Array.Fill(lastHead, -1);
        Array.Fill(stepOfHead, -1);
        Array.Clear(nextGiven);
    }

    /// <inheritdoc/>
    public int Next(ExploredMachine machine, ulong enabled, int current, bool yields)
    {
        if (isCut)
        {
            return -1;
        }

        int target = NextEntry();
        if (target >= 0)
        {
            int cpu = entries[target].Cpu;
            if ((enabled >> cpu & 1) == 0)
            {
                throw new InvalidOperationException($"the program does not do the same when it is run again: {machine.CpuAt(cpu).Name} cannot perform {machine.Pending(cpu)}");
            }

            return cpu;
        }

        RevisitForLate();
        for (ulong left = enabled; left != 0; left &= left - 1)
        {
            int cpu = BitOperations.TrailingZeroCount(left);
            ref readonly Operation op = ref machine.Pending(cpu);
            if (!GraphMemory.IsWait(op) || GraphMemory.IsSatisfiedByNewest(op))
            {
                return cpu;
            }
        }

        IsPartial |= (enabled & (enabled - 1)) != 0;
        return BitOperations.TrailingZeroCount(enabled); // a wait that only an old value ends
    }

    /// <inheritdoc/>
    /// <remarks>A choice of the environment is no event of a graph.</remarks>
    public int Choose(ExploredMachine machine, int alternatives)
    {
        GiveUp();
        return 0;
    }

    /// <inheritdoc/>
    public void End(ExploredMachine machine)
    {
        if (isCut || isRecording)
        {
            return;
        }

        if (IsLate)
        {
            return; // a violation ended the run
        }

        RevisitForLate();
        for (int cpu = 0; cpu < machine.CpuCount; cpu++)
        {
            ref readonly Operation op = ref machine.Pending(cpu);
            if (op.Kind == OperationKind.Lock && !HasPending(cpu) && !machine.CpuAt(cpu).HasReturned)
            {
                RevisitForLock(cpu, memory.LocationAt(op));
            }
        }
    }

    /// <summary>Where the event that is about to be added reads from.</summary>
    /// <param name="cpu">Whose it is.</param>
    /// <param name="at">Its word.</param>
    /// <param name="op">The operation.</param>
    /// <returns>The place.</returns>
    public int PickSource(int cpu, Location at, in Operation op)
    {
        int[] places = memory.Candidates;
        int i = Take(cpu);
        if (i >= 0)
        {
            int source = entries[i].Source;
            int place = source < 0 ? 0 : at.PlaceOf(eventOf[source]);
            if (revisited >= 0 && (i == revisited || i == given - 1) && !memory.AllowsSource(cpu, at, op, place))
            {
                isCut = true;
                return at.Newest;
            }

            if (isRecording)
            {
                int found = memory.FindSources(cpu, at, op);
                memory.RecordChoice(Array.IndexOf(places, place, 0, found), found);
            }

            return place;
        }

        i = New(cpu);
        entries[i].ReadStamp = stamp++;
        if (isCut || IsLate || memory.ComesLast(cpu))
        {
            entries[i].Source = EntryAt(at, at.Newest);
            if (memory.WouldUpdate(op, at, at.Newest))
            {
                NewWrite(i);
            }

            return at.Newest;
        }

        int n = memory.FindSources(cpu, at, op);
        int chosen = places[0];
        if (isRecording)
        {
            memory.RecordChoice(0, n);
        }
        else
        {
            for (int k = n - 1; k > 0; k--)
            {
                bool isUpdate = memory.WouldUpdate(op, at, places[k]);
                PushAlternative(i, EntryAt(at, places[k]), isUpdate ? stamp : GraphEntry.NoStamp, -1);
            }

            RevisitByUpdates(cpu, at, op);
        }

        entries[i].Source = EntryAt(at, chosen);
        if (memory.WouldUpdate(op, at, chosen))
        {
            entries[i].WriteStamp = stamp++;
        }

        return chosen;
    }

    /// <summary>Where the write that is about to be added goes.</summary>
    /// <param name="cpu">Whose it is.</param>
    /// <param name="at">Its word.</param>
    /// <returns>The place.</returns>
    public int PickPlace(int cpu, Location at)
    {
        int[] places = memory.Candidates;
        int i = Take(cpu);
        if (i >= 0)
        {
            if (entries[i].Rank >= 0)
            {
                int place = at.Count;
                while (place > 1 && entries[entryOf[at.Writes[place - 1]]].Rank > entries[i].Rank)
                {
                    place--;
                }

                if (isRecording)
                {
                    int found = memory.FindPlaces(cpu, at);
                    memory.RecordChoice(Array.IndexOf(places, place, 0, found), found);
                }

                return place;
            }

            int n = memory.FindPlaces(cpu, at);
            if (isRecording)
            {
                memory.RecordChoice(0, n);
            }
            else
            {
                PushPlaces(i, n, places);
            }

            return places[0];
        }

        i = New(cpu);
        entries[i].Source = GraphEntry.Nothing;
        if (isCut || IsLate || memory.ComesLast(cpu))
        {
            NewWrite(i);
            return at.Count;
        }

        int all = memory.FindPlaces(cpu, at);
        entries[i].WriteStamp = stamp;
        if (isRecording)
        {
            memory.RecordChoice(0, all);
        }
        else
        {
            PushPlaces(i, all, places);
            Revisit(cpu, at, GraphEntry.Nothing, stamp);
        }

        stamp++;
        return places[0];
    }

    /// <summary>A write that always comes last at its word: a plain one, or giving a lock back.</summary>
    /// <param name="cpu">Whose it is.</param>
    /// <param name="at">Its word; null for a whole block.</param>
    /// <param name="isUnlock">Whether it gives a lock back.</param>
    public void AddWrite(int cpu, Location? at, bool isUnlock)
    {
        int i = Take(cpu);
        if (i >= 0)
        {
            return;
        }

        i = New(cpu);
        entries[i].Source = GraphEntry.Nothing;
        if (!isUnlock && at is not null && !isCut && !IsLate && !isRecording && !memory.ComesLast(cpu))
        {
            Revisit(cpu, at, GraphEntry.Nothing, stamp);
        }

        NewWrite(i);
    }

    /// <summary>Takes a lock that is free; whoever took it before could have come after.</summary>
    /// <param name="cpu">Who takes it.</param>
    /// <param name="at">Its word.</param>
    public void AddLock(int cpu, Location at)
    {
        int i = Take(cpu);
        if (i >= 0)
        {
            return;
        }

        i = New(cpu);
        if (!isCut && !IsLate && !isRecording && !memory.ComesLast(cpu))
        {
            RevisitForLock(cpu, at);
        }

        entries[i].Source = EntryAt(at, at.Newest);
        entries[i].ReadStamp = stamp++;
        entries[i].WriteStamp = stamp++;
    }

    /// <summary>The event that was picked last has been added.</summary>
    /// <param name="e">Its number in the graph.</param>
    public void Added(int e)
    {
        int i = current;
        eventOf[i] = e;
        entryOf[e] = i;
        if (i < given)
        {
            performed++;
            if (graph.TraitsOf(e).HasAny(Traits.Write) && entries[i].WriteStamp == GraphEntry.NoStamp)
            {
                entries[i].WriteStamp = stamp++; // the write of a revisited read-modify-write is added again
                late.Add(i);
            }
        }

        for (int k = deferred.Count - 1; k >= 0; k--)
        {
            if (entries[deferred[k]].Source == i && !entries[deferred[k]].IsPending)
            {
                ready.Add(deferred[k]);
                deferred.RemoveAt(k);
            }
        }

        if (graph.TraitsOf(e).HasAny(Traits.Unlock))
        {
            Unlocked(i);
        }
    }

    private bool IsLate => performed < given - pending;

    private bool HasPending(int cpu)
    {
        for (int i = 0; i < given; i++)
        {
            if (entries[i].IsPending && entries[i].Cpu == cpu)
            {
                return true;
            }
        }

        return false;
    }

    // The lock that entry i gives back goes to whoever was to come after it.
    private void Unlocked(int i)
    {
        for (int p = 0; p < given; p++)
        {
            if (entries[p].IsPending && entries[entries[p].Source].Cpu == entries[i].Cpu && IsUnlockOf(i, entries[p].Source))
            {
                entries[p].IsPending = false;
                pending--;
                entries[p].Holder = entries[p].Source;
                entries[p].Source = i;
                ready.Add(p);
                return;
            }
        }
    }

    // The first unlock of that word by the CPU of entry l after it.
    private bool IsUnlockOf(int i, int l)
    {
        if (eventOf[l] < 0)
        {
            return false;
        }

        Location at = memory.PlaceOfEvent(eventOf[i])!;
        int place = at.PlaceOf(eventOf[l]);
        return place > 0 && at.PlaceOf(eventOf[i]) == place + 1;
    }

    // The next given entry that can happen now; -1 when all have, but for those that wait for a lock.
    private int NextEntry()
    {
        while (ready.Count > 0)
        {
            int i = ready[^1];
            if (eventOf[i] < 0)
            {
                return i;
            }

            ready.RemoveAt(ready.Count - 1);
        }

        while (scanned < given)
        {
            int i = scanned;
            if (eventOf[i] >= 0)
            {
                scanned++;
                continue;
            }

            if (entries[i].IsPending)
            {
                scanned++;
                continue;
            }

            int source = entries[i].Source;
            if (source >= 0 && eventOf[source] < 0)
            {
                deferred.Add(i);
                scanned++;
                continue;
            }

            return i;
        }

        return -1;
    }

    // The CPU's next given entry; -1 where what it does now is new.
    private int Take(int cpu)
    {
        for (int i = nextGiven[cpu]; i < given; i++)
        {
            if (entries[i].Cpu == cpu && eventOf[i] < 0)
            {
                nextGiven[cpu] = i;
                current = i;
                NoteHead(cpu, i);
                return i;
            }
        }

        nextGiven[cpu] = given;
        return -1;
    }

    private int New(int cpu)
    {
        if (count == entries.Length)
        {
            Array.Resize(ref entries, count * 2);
        }

        int i = count++;
        entries[i] = new GraphEntry { Cpu = cpu, ReadStamp = GraphEntry.NoStamp, WriteStamp = GraphEntry.NoStamp, Source = GraphEntry.Nothing, Holder = -1 };
        eventOf[i] = -1;
        current = i;
        NoteHead(cpu, i);
        entries[i].Head = lastHead[cpu];
        return i;
    }

    // What a CPU does in one step stays together.
    private void NoteHead(int cpu, int i)
    {
        if (stepOfHead[cpu] != memory.StepOf(cpu))
        {
            stepOfHead[cpu] = memory.StepOf(cpu);
            lastHead[cpu] = i;
        }
    }

    private void NewWrite(int i)
    {
        entries[i].WriteStamp = stamp++;
        if (IsLate)
        {
            late.Add(i);
        }
    }

    // Writes that were added while given events were still to happen: what they revisit is looked at when those have.
    private void RevisitForLate()
    {
        if (late.Count == 0 || isRecording)
        {
            late.Clear();
            return;
        }

        foreach (int i in late)
        {
            int e = eventOf[i];
            if (e >= 0 && memory.PlaceOfEvent(e) is { } at && !graph.TraitsOf(e).HasAny(Traits.Lock | Traits.Unlock))
            {
                RevisitOf(i, e, at);
            }
        }

        late.Clear();
    }

    private int EntryAt(Location at, int place) => at.Writes[place] < 0 ? -1 : entryOf[at.Writes[place]];

    private void PushPlaces(int i, int n, int[] places)
    {
        for (int k = n - 1; k > 0; k--)
        {
            PushAlternative(i, GraphEntry.Nothing, entries[i].WriteStamp, (2 * places[k]) - 1);
        }
    }

    // Entry i, the one that is being added, in another way.
    private void PushAlternative(int i, int source, int writeStamp, int rank)
    {
        GraphTask task = NewTask();
        task.Reserve(count);
        SetRanks();
        Array.Copy(entries, task.Entries, count);
        task.Entries[i].Source = source;
        task.Entries[i].WriteStamp = writeStamp;
        task.Entries[i].Rank = rank;
        task.Count = count;
        task.Revisited = i < given ? revisited : -1;
        open.Push(task);
    }

    private GraphTask NewTask() => spare.TryPop(out GraphTask? task) ? task : new GraphTask();

    private void SetRanks()
    {
        foreach (Location at in memory.Locations)
        {
            for (int place = 1; place < at.Count; place++)
            {
                entries[entryOf[at.Writes[place]]].Rank = memory.PlaceOfEvent(at.Writes[place]) is null ? 0 : 2 * place;
            }
        }
    }

    // Each write that an update of the word could follow makes another write of it.
    private void RevisitByUpdates(int cpu, Location at, in Operation op)
    {
        int floor = at.FloorOf(cpu);
        for (int place = at.Newest; place >= floor; place--)
        {
            if (memory.WouldUpdate(op, at, place) && memory.MayRead(cpu, at, op, place))
            {
                Revisit(cpu, at, place, stamp);
            }
        }
    }

    // Whoever takes the lock next reads from each unlock in turn; whoever read from it comes after.
    private void RevisitForLock(int cpu, Location at)
    {
        for (int place = at.Newest - 1; place >= 0; place--)
        {
            int e = at.Writes[place];
            if ((e < 0 || graph.TraitsOf(e).HasAny(Traits.Unlock)) && memory.MayTake(cpu, at, place))
            {
                Revisit(cpu, at, place, stamp, isLock: true);
            }
        }
    }

    // What the write that is about to be added, an update of what is at a place or a mere write, does to reads that were added before it.
    private void Revisit(int cpu, Location at, int place, int writeStamp, bool isLock = false)
    {
        int words = graph.Words;
        Span<ulong> before = past.AsSpan(0, words);
        graph.CausesOfCpu(cpu).CopyTo(before);
        int source = GraphEntry.Nothing;
        if (place >= 0)
        {
            int e = at.Writes[place];
            source = e < 0 ? -1 : entryOf[e];
            if (e >= 0)
            {
                BitRows.Add(before, graph.CausesOf(e));
            }
        }

        int followed = place >= 0 && place < at.Newest && graph.TraitsOf(at.Writes[place + 1]).HasAny(Traits.Read) ? entryOf[at.Writes[place + 1]] : -1;
        for (int i = 0; i < at.Touched.Length; i++)
        {
            for (ulong left = at.Touched[i]; left != 0; left &= left - 1)
            {
                int x = (i << 6) + BitOperations.TrailingZeroCount(left);
                if (graph.TraitsOf(x).HasAny(Traits.Read) && !BitRows.Has(before, x))
                {
                    TryRevisit(cpu, entryOf[x], before, source, followed, writeStamp, count - (entries[count - 1].Cpu == cpu && eventOf[count - 1] < 0 ? 1 : 0), isLock);
                }
            }
        }
    }

    // The same for a write that has been added already.
    private void RevisitOf(int i, int e, Location at)
    {
        int words = graph.Words;
        Span<ulong> before = past.AsSpan(0, words);
        graph.CausesOf(e).CopyTo(before);
        int source = graph.TraitsOf(e).HasAny(Traits.Read) ? entries[i].Source : GraphEntry.Nothing;
        for (int k = 0; k < at.Touched.Length; k++)
        {
            for (ulong left = at.Touched[k]; left != 0; left &= left - 1)
            {
                int x = (k << 6) + BitOperations.TrailingZeroCount(left);
                if (x != e && graph.TraitsOf(x).HasAny(Traits.Read) && !BitRows.Has(before, x) && entries[entryOf[x]].ReadStamp < entries[i].WriteStamp)
                {
                    TryRevisitOf(i, entryOf[x], before, source);
                }
            }
        }
    }

    private void TryRevisit(int cpu, int r, ReadOnlySpan<ulong> before, int source, int followed, int writeStamp, int end, bool isLock)
    {
        if (!Keep(r, before, end, writeStamp, -1) || (followed >= 0 && followed != r && (keptRead[followed] || keptWrite[followed])))
        {
            return;
        }

        if (Restrict(r, end, -1) is not { } task)
        {
            return;
        }

        int a = task.Count;
        task.Entries[a] = new GraphEntry
        {
            Cpu = cpu,
            Source = source < 0 ? source : renumbered[source],
            Rank = -1,
            Holder = -1,
            Head = isLock ? a : HeadOfNext(cpu, a),
            ReadStamp = source == GraphEntry.Nothing ? GraphEntry.NoStamp : writeStamp,
            WriteStamp = source == GraphEntry.Nothing ? writeStamp : writeStamp + 1,
        };
        Finish(task, r, a, isLock);
    }

    private void TryRevisitOf(int i, int r, ReadOnlySpan<ulong> before, int source)
    {
        if (!Keep(r, before, count, entries[i].WriteStamp, i))
        {
            return;
        }

        if (Restrict(r, count, i) is not { } task)
        {
            return;
        }

        int a = task.Count;
        task.Entries[a] = entries[i];
        task.Entries[a].Source = source < 0 ? source : renumbered[source];
        task.Entries[a].Rank = -1;
        task.Entries[a].Head = entries[i].Head == i ? a : renumbered[entries[i].Head];
        Finish(task, r, a, isLock: false);
    }

    private void Finish(GraphTask task, int r, int a, bool isLock)
    {
        task.Count = a + 1;
        int x = renumbered[r];
        task.Entries[x].Source = a;
        task.Entries[x].IsPending = isLock;
        task.Entries[x].Holder = -1;
        if (task.Entries[x].WriteStamp >= 0)
        {
            task.Entries[x].WriteStamp = GraphEntry.NoStamp;
        }

        task.Revisited = isLock ? -1 : x;
        open.Push(task);
    }

    private int HeadOfNext(int cpu, int a) => stepOfHead[cpu] == memory.StepOf(cpu) && lastHead[cpu] != count - 1 ? renumbered[lastHead[cpu]] : a;

    // Which entries stay when the write that is being added is given to read r; false where r must not be revisited.
    private bool Keep(int r, ReadOnlySpan<ulong> before, int end, int writeStamp, int self)
    {
        int threshold = entries[r].ReadStamp;
        if (!IsMaximal(r, isRead: true, threshold, before))
        {
            return false;
        }

        for (int y = 0; y < end; y++)
        {
            ref GraphEntry entry = ref entries[y];
            bool isBefore = eventOf[y] >= 0 && BitRows.Has(before, eventOf[y]);
            if (y == self)
            {
                keptRead[y] = false;
                keptWrite[y] = false;
                continue;
            }

            if (entry.Head != y && !isBefore)
            {
                // with its step
                int head = entry.Head;
                bool stays = head != r && (keptRead[head] || keptWrite[head]) && (entries[head].WriteStamp < 0 || keptWrite[head]);
                keptRead[y] = stays && entry.ReadStamp >= 0;
                keptWrite[y] = stays && entry.WriteStamp >= 0;
            }
            else
            {
                keptRead[y] = entry.ReadStamp >= 0 && (isBefore || entry.ReadStamp <= threshold);
                keptWrite[y] = entry.WriteStamp >= 0 && (isBefore || entry.WriteStamp <= threshold);
            }

            if (y == r)
            {
                keptRead[y] = true;
            }

            if (entry.ReadStamp >= 0 && !keptRead[y] && entry.ReadStamp < writeStamp && !IsMaximal(y, isRead: true, entry.ReadStamp, before))
            {
                return false;
            }

            if (entry.WriteStamp >= 0 && !keptWrite[y] && entry.WriteStamp < writeStamp && !IsMaximal(y, isRead: false, entry.WriteStamp, before))
            {
                return false;
            }
        }

        return true;
    }

    // Whether a read or write was added in the one way that counts: reading from, or being, the last write of those that were
    // there or are before the write that revisits.
    private bool IsMaximal(int y, bool isRead, int at, ReadOnlySpan<ulong> before)
    {
        int e = eventOf[y];
        if (e < 0)
        {
            // a lock that waits: for the one that was the last then
            int holder = entries[y].Source;
            return IsPast(holder, at, before) && IsLast(memory.PlaceOfEvent(eventOf[holder])!, memory.PlaceOfEvent(eventOf[holder])!.PlaceOf(eventOf[holder]), -1, at, before);
        }

        Location? word = memory.PlaceOfEvent(e);
        if (word is null)
        {
            return true;
        }

        if (isRead)
        {
            int source = graph.SourceOf(e);
            if (entries[y].Holder >= 0 && !IsPast(entryOf[source], at, before))
            {
                // it waited then
                int holder = eventOf[entries[y].Holder];
                return IsPast(entries[y].Holder, at, before) && IsLast(word, word.PlaceOf(holder), e, at, before);
            }

            return (source < 0 || IsPast(entryOf[source], at, before)) && IsLast(word, word.PlaceOf(source), e, at, before);
        }

        if (!IsLast(word, word.PlaceOf(e), e, at, before))
        {
            return false;
        }

        for (int i = 0; i < word.Touched.Length; i++)
        {
            for (ulong left = word.Touched[i]; left != 0; left &= left - 1)
            {
                int x = (i << 6) + BitOperations.TrailingZeroCount(left);
                if (graph.TraitsOf(x).HasAny(Traits.Read) && graph.SourceOf(x) == e && ((entries[entryOf[x]].ReadStamp < at && entries[entryOf[x]].Holder < 0) || BitRows.Has(before, x)))
                {
                    return false;
                }
            }
        }

        for (int p = 0; p < given; p++)
        {
            // who waits, or waited then, for the lock that this takes
            bool waits = entries[p].IsPending ? entries[p].Source == y : entries[p].Holder == y && !IsPast(entries[p].Source, at, before);
            if (waits && entries[p].ReadStamp < at)
            {
                return false;
            }
        }

        return true;
    }

    private bool IsPast(int y, int at, ReadOnlySpan<ulong> before) =>
        (entries[y].WriteStamp >= 0 && entries[y].WriteStamp <= at) || (eventOf[y] >= 0 && BitRows.Has(before, eventOf[y]));

    private bool IsLast(Location word, int place, int except, int at, ReadOnlySpan<ulong> before)
    {
        for (int k = place + 1; k < word.Count; k++)
        {
            if (word.Writes[k] != except && IsPast(entryOf[word.Writes[k]], at, before))
            {
                return false;
            }
        }

        return true;
    }

    // The entries that stay, numbered anew.
    private GraphTask? Restrict(int r, int end, int self)
    {
        GraphTask task = NewTask();
        task.Reserve(end + 1);
        SetRanks();
        int n = 0;
        for (int y = 0; y < end; y++)
        {
            renumbered[y] = -1;
            if (y == self || (!keptRead[y] && !keptWrite[y]))
            {
                continue;
            }

            renumbered[y] = n;
            ref GraphEntry entry = ref task.Entries[n];
            entry = entries[y];
            if (!keptWrite[y] && entry.WriteStamp >= 0 && y != r)
            {
                entry.WriteStamp = GraphEntry.NoStamp;
            }

            n++;
        }

        for (int k = 0; k < n; k++)
        {
            ref GraphEntry entry = ref task.Entries[k];
            if (entry.Source >= 0 && k != renumbered[r] && renumbered[entry.Source] < 0 && entry.Holder >= 0 && renumbered[entry.Holder] >= 0)
            {
                // the lock that it came after is not given back yet
                entry.Source = entry.Holder;
                entry.Holder = -1;
                entry.IsPending = true;
                entry.WriteStamp = GraphEntry.NoStamp;
            }

            entry.Holder = entry.Holder < 0 ? -1 : renumbered[entry.Holder];
            if (entry.Source >= 0 && k != renumbered[r] && renumbered[entry.Source] < 0)
            {
                IsPartial = true; // only a later access of a step that stays can lose what it read
                spare.Push(task);
                return null;
            }

            entry.Source = entry.Source < 0 ? entry.Source : renumbered[entry.Source];
            entry.Head = renumbered[entry.Head];
        }

        task.Count = n;
        return task;
    }
}
