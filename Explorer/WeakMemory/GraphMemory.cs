using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>Memory under a weak model: which writes a read may see, where a write goes, and who decides.</summary>
/// <remarks>
/// CPUs are interleaved as under sequential consistency, and two more kinds of decision exist: which write a read sees, and where in
/// coherence order a write goes. Both are made only where the model leaves more than one alternative, and alternative 0 is what sequential
/// consistency would do. Every consistent execution without a cycle in po | rf is reached like this. The words of memory hold the newest
/// writes in coherence order, which is what checkers look at.
/// </remarks>
internal sealed class GraphMemory
{
    private const int MostAlternatives = 255;

    private readonly ExploredMachine machine;
    private readonly EventGraph graph = new();
    private readonly List<Location> locations = [];
    private readonly ulong[] values = new ulong[EventGraph.Capacity];
    private readonly int[] steps = new int[EventGraph.Capacity];
    private readonly Location?[] places = new Location?[EventGraph.Capacity];
    private readonly bool[] releases = new bool[EventGraph.Capacity];
    private readonly int[] candidates = new int[MostAlternatives];
    private int[] releaseClocks = [];
    private int width;
    private long run;
    private long fillRun;
    private ulong comesLast;

    /// <summary>The memory of a machine.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="model">Its memory model.</param>
    public GraphMemory(ExploredMachine machine, MemoryModel model)
    {
        this.machine = machine;
        Model = model;
    }

    /// <summary>The memory model.</summary>
    public MemoryModel Model { get; }

    /// <summary>Who decides instead of the strategy, where every graph is searched.</summary>
    public GraphSearch? Search { get; private set; }

    /// <summary>The places that <see cref="FindSources"/> and <see cref="FindPlaces"/> found.</summary>
    public int[] Candidates => candidates;

    /// <summary>The words that were accessed in this run.</summary>
    public IReadOnlyList<Location> Locations => locations;

    /// <summary>At which step what the last operation read, or what it wrote, had already been overwritten; 0 where it had not.</summary>
    public int OverwrittenAt { get; private set; }

    private HappensBefore Order => machine.Order;

    /// <summary>Has <paramref name="search"/> decide.</summary>
    /// <param name="search">The search.</param>
    public void Decide(GraphSearch search)
    {
        Search = search;
        search.Attach(this, graph);
    }

    /// <summary>The location of an operation's word.</summary>
    public Location LocationAt(in Operation op) => LocationOf(op.Block!, op.Index);

    /// <summary>The word that event <paramref name="e"/> accesses; null for a whole block.</summary>
    public Location? PlaceOfEvent(int e) => places[e];

    /// <summary>A number for the step that is being performed.</summary>
    public int StepOf(int cpu) => machine.CpuAt(cpu).Id == cpu ? machine.Steps : 0;

    /// <summary>Whether <paramref name="cpu"/> comes after all others.</summary>
    public bool ComesLast(int cpu) => (comesLast >> cpu & 1) != 0;

    /// <summary>Whether an operation waits for a value.</summary>
    public static bool IsWait(in Operation op) => op.Kind is OperationKind.WaitUntilEqual or OperationKind.WaitUntilNotEqual or OperationKind.Down;

    /// <summary>Whether the newest value ends an operation's waiting.</summary>
    public static bool IsSatisfiedByNewest(in Operation op) => Satisfies(op, op.Block!.Words[op.Index]);

    /// <summary>Whether an operation that reads from <paramref name="place"/> writes as well.</summary>
    public bool WouldUpdate(in Operation op, Location at, int place) => ValueAt(at, place) is var value && Satisfies(op, value) && IsUpdate(op, value);

    /// <summary>Whether the read of an update may see what is at <paramref name="place"/>, whoever else updates that.</summary>
    public bool MayRead(int cpu, Location at, in Operation op, int place)
    {
        graph.Prepare(cpu, UpdateTraitsOf(cpu, op) & ~Traits.Write, at);
        return graph.Allows(at.Writes[place], place + 1);
    }

    /// <summary>Whether <paramref name="cpu"/> may take a lock right after what is at <paramref name="place"/>.</summary>
    public bool MayTake(int cpu, Location at, int place)
    {
        graph.Prepare(cpu, Traits.Read | Traits.Acquire | Traits.Lock, at);
        return at.FloorOf(cpu) <= place && graph.Allows(at.Writes[place], place + 1);
    }

    /// <summary>Whether an operation may read from <paramref name="place"/>.</summary>
    public bool AllowsSource(int cpu, Location at, in Operation op, int place)
    {
        ulong value = ValueAt(at, place);
        bool isUpdate = IsUpdate(op, value);
        if (place < at.FloorOf(cpu) || (op.CanBlock && !Satisfies(op, value)) || (isUpdate && IsFollowedByUpdate(at, place)))
        {
            return false;
        }

        graph.Prepare(cpu, isUpdate ? UpdateTraitsOf(cpu, op) : TraitsOf(op), at);
        return graph.Allows(at.Writes[place], place + 1);
    }

    /// <summary>Makes a choice that the search made one of the schedule.</summary>
    public void RecordChoice(int value, int alternatives)
    {
        if (alternatives > 1)
        {
            machine.RecordChoice(value);
        }
    }

    /// <summary>Forgets a run.</summary>
    /// <param name="cpus">How many CPUs there are.</param>
    public void Begin(int cpus)
    {
        run++;
        fillRun++;
        width = cpus;
        comesLast = 0;
        locations.Clear();
        graph.Begin(Model, cpus);
        if (releaseClocks.Length < EventGraph.Capacity * cpus)
        {
            releaseClocks = new int[EventGraph.Capacity * cpus];
        }
    }

    /// <summary>smp_rmb().</summary>
    public void ReadBarrier(int cpu) => graph.ReadBarrier(cpu);

    /// <summary>smp_wmb().</summary>
    public void WriteBarrier(int cpu) => graph.WriteBarrier(cpu);

    /// <summary>smp_mb().</summary>
    public void FullBarrier(int cpu) => graph.FullBarrier(cpu);

    /// <summary>The CPU goes on after all others are done: it sees what they left.</summary>
    public void JoinAll(int cpu)
    {
        graph.JoinAll(cpu);
        comesLast |= 1UL << cpu;
    }

    /// <summary>Whether an operation that waits for a value could end now.</summary>
    /// <param name="cpu">Who waits.</param>
    /// <param name="op">For what.</param>
    /// <returns>True when it may see a value that ends its waiting.</returns>
    public bool IsReady(int cpu, in Operation op)
    {
        if (Satisfies(op, op.Block!.Words[op.Index]))
        {
            return true;
        }

        return FindSources(cpu, LocationOf(op.Block, op.Index), op) > 0;
    }

    /// <summary>Performs an operation; everything but holding locks and telling of races.</summary>
    /// <param name="cpu">Who performs it.</param>
    /// <param name="op">The operation.</param>
    /// <param name="race">The CPU that it races with; -1 for none.</param>
    /// <returns>What it returns.</returns>
    public ulong Perform(int cpu, in Operation op, out int race)
    {
        MakeRoom();
        OverwrittenAt = 0;
        race = -1;
        Block block = op.Block!;
        Location at = LocationOf(block, op.Index);
        switch (op.Kind)
        {
            case OperationKind.WriteOnce:
                race = Order.MarkedWrite(cpu, block, op.Index, isRelease: false);
                Write(cpu, block, op.Index, at, op.A, ChoosePlace(cpu, at, Traits.Write));
                return 0;
            case OperationKind.StoreRelease:
                race = Order.MarkedWrite(cpu, block, op.Index, isRelease: true);
                Write(cpu, block, op.Index, at, op.A, ChoosePlace(cpu, at, Traits.Write | Traits.Release));
                return 0;
            case OperationKind.Lock:
            case OperationKind.ReadLock:
                {
                    LoadRelease(block, op.Index, at, at.Newest);
                    Order.Acquire(cpu, block, op.Index);
                    if (Search is not null && op.Subject is SharedLock)
                    {
                        Search.GiveUp(); // two readers in either order are one execution
                    }

                    Search?.AddLock(cpu, at);
                    ulong old = block.Words[op.Index];
                    Update(cpu, block, op.Index, at, at.Newest, After(op, cpu, old), Traits.Rmw | Traits.Acquire | Traits.Lock);
                    return 0;
                }

            case OperationKind.SrcuReadLock:
                return EnterSrcu(cpu, op, at);
            default:
                return ReadOrUpdate(cpu, op, at, out race);
        }
    }

    /// <summary>Gives a lock back or leaves an SRCU section.</summary>
    /// <param name="cpu">Who.</param>
    /// <param name="op">The operation.</param>
    /// <param name="isHeld">Whether it was held; if not, nothing changes.</param>
    public void Release(int cpu, in Operation op, bool isHeld)
    {
        MakeRoom();
        OverwrittenAt = 0;
        Block block = op.Block!;
        Location at = LocationOf(block, op.Index);
        if (op.Kind == OperationKind.SrcuReadUnlock)
        {
            int place = PickSource(cpu, at, op);
            ulong count = ValueAt(at, place);
            LoadRelease(block, op.Index, at, place);
            Order.Release(cpu, block, op.Index);
            Update(cpu, block, op.Index, at, place, isHeld ? After(op, cpu, count) : count, UpdateTraitsOf(cpu, op));
            return;
        }

        LoadRelease(block, op.Index, at, at.Newest);
        Order.Release(cpu, block, op.Index);
        ulong old = block.Words[op.Index];
        ulong value = isHeld ? After(op, cpu, old) : old;
        Search?.AddWrite(cpu, at, isUnlock: true);
        if (op.Subject is SharedLock)
        {
            // other readers change the same word with atomics
            Update(cpu, block, op.Index, at, at.Newest, value, Traits.Rmw | Traits.Release | Traits.Unlock | (Model == MemoryModel.Tso ? Traits.Full : Traits.None));
        }
        else
        {
            graph.Prepare(cpu, Traits.Write | Traits.Release | Traits.Unlock, at);
            Write(cpu, block, op.Index, at, value, at.Count);
        }
    }

    /// <summary>A plain write: after all others, since what is not ordered with it is a race.</summary>
    /// <param name="cpu">Who writes.</param>
    /// <param name="block">Where.</param>
    /// <param name="index">Where in it.</param>
    /// <param name="value">What.</param>
    public void PlainWrite(int cpu, Block block, int index, ulong value)
    {
        MakeRoom();
        Location at = LocationOf(block, index);
        Search?.AddWrite(cpu, at, isUnlock: false);
        graph.Prepare(cpu, Traits.Write, at);
        Write(cpu, block, index, at, value, at.Count);
    }

    /// <summary>A plain write to every word of a block.</summary>
    /// <param name="cpu">Who writes.</param>
    /// <param name="block">Where.</param>
    /// <param name="value">What.</param>
    public void Fill(int cpu, Block block, ulong value)
    {
        MakeRoom();
        var whole = (WordShadow)block.WholeShadow!;
        BlockFills fills = whole.Fills ??= new BlockFills();
        if (fills.Run != fillRun)
        {
            fills.Begin(fillRun, block.Words);
        }

        Search?.AddWrite(cpu, null, isUnlock: false);
        graph.Prepare(cpu, Traits.Write, null);
        bool hasLocations = block.Shadow is not null && block.ShadowRun == Order.Run;
        if (hasLocations)
        {
            foreach (object? known in block.Shadow!)
            {
                if (known is WordShadow { Location: { } at } && at.Run == run)
                {
                    graph.Overwrite(at);
                }
            }
        }

        int e = graph.Commit(Location.Initial, 0);
        Note(e, value, null);
        releases[e] = false;
        fills.Events.Add(e);
        if (hasLocations)
        {
            foreach (object? known in block.Shadow!)
            {
                if (known is WordShadow { Location: { } at } && at.Run == run)
                {
                    at.Insert(at.Count, e, cpu);
                    graph.Touch(at, e);
                }
            }
        }

        Array.Fill(block.Words, value);
        Search?.Added(e);
    }

    /// <summary>The execution graph as text: what each event reads from, and each word's writes in coherence order.</summary>
    /// <returns>The same text for two runs that differ in the order of CPUs only.</returns>
    public string Describe()
    {
        var names = new string[graph.Count];
        int[] next = new int[width];
        var lines = new List<string>[width];
        for (int cpu = 0; cpu < width; cpu++)
        {
            lines[cpu] = [];
        }

        for (int e = 0; e < graph.Count; e++)
        {
            int cpu = graph.CpuOf(e);
            names[e] = string.Create(CultureInfo.InvariantCulture, $"{cpu}.{next[cpu]++}");
        }

        for (int e = 0; e < graph.Count; e++)
        {
            string source = !graph.TraitsOf(e).HasAny(Traits.Read) ? "-" : graph.SourceOf(e) < 0 ? "initial" : names[graph.SourceOf(e)];
            lines[graph.CpuOf(e)].Add(source);
        }

        var text = new StringBuilder();
        foreach (List<string> line in lines)
        {
            text.AppendJoin(' ', line).Append('\n');
        }

        foreach (Location at in locations.OrderBy(l => l.Block.Id).ThenBy(l => l.Index).Where(l => l.Count > 1))
        {
            text.Append(CultureInfo.InvariantCulture, $"{at.Block.NameOf(at.Index)}: ").AppendJoin(' ', at.Writes.Skip(1).Take(at.Newest).Select(e => names[e])).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>The location of a word in this run.</summary>
    /// <param name="block">Its block.</param>
    /// <param name="index">Its index there.</param>
    /// <returns>The location.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Location LocationOf(Block block, int index)
    {
        WordShadow shadow = Order.ShadowOf(block, index);
        return shadow.Location is { } at && at.Run == run ? at : NewLocation(shadow, block, index);
    }

    private Location NewLocation(WordShadow shadow, Block block, int index)
    {
        Location at = shadow.Location ??= new Location();
        at.Block = block;
        at.Index = index;
        at.IsOrdered = index < 64 && (block.Kind.OrderedWords >> index & 1) != 0;
        locations.Add(at);
        if (block.WholeShadow is WordShadow { Fills: { } fills } && fills.Run == fillRun)
        {
            at.Begin(run, width, graph.Words, fills.ContentBefore(index));
            foreach (int e in fills.Events)
            {
                at.Insert(at.Count, e, graph.CpuOf(e));
                graph.Touch(at, e);
            }
        }
        else
        {
            at.Begin(run, width, graph.Words, block.Words[index]);
        }

        return at;
    }

    private ulong ReadOrUpdate(int cpu, in Operation op, Location at, out int race)
    {
        Block block = op.Block!;
        int place = PickSource(cpu, at, op);
        ulong old = ValueAt(at, place);
        LoadRelease(block, op.Index, at, place);
        if (IsUpdate(op, old))
        {
            bool isSilent = op.Kind is OperationKind.AtomicAdd or OperationKind.AtomicOr;
            race = isSilent || IsRelaxed(cpu) ? Order.RelaxedReadModifyWrite(cpu, block, op.Index) : Order.ReadModifyWrite(cpu, block, op.Index);
            ulong value = After(op, cpu, old);
            Update(cpu, block, op.Index, at, place, value, UpdateTraitsOf(cpu, op));
            return isSilent ? 0 : op.Kind == OperationKind.AddReturn ? value : old;
        }

        Traits traits = TraitsOf(op);
        bool isAcquire = traits.HasAny(Traits.Acquire);
        if (op.CanBlock)
        {
            race = -1;
            Order.Acquire(cpu, block, op.Index);
        }
        else
        {
            race = Order.MarkedRead(cpu, block, op.Index, isAcquire, op.Kind == OperationKind.HardwareRead);
        }

        graph.Prepare(cpu, traits, at);
        Read(cpu, at, place);
        return old;
    }

    // The index, which may be old, and then the counter: two accesses, and smp_mb().
    private ulong EnterSrcu(int cpu, in Operation op, Location at)
    {
        Block block = op.Block!;
        int place = PickSource(cpu, at, op);
        ulong index = ValueAt(at, place);
        LoadRelease(block, op.Index, at, place);
        Order.Acquire(cpu, block, op.Index);
        graph.Prepare(cpu, Traits.Read, at);
        Read(cpu, at, place);
        int overwritten = OverwrittenAt;
        Word counter = ((Srcu)op.Subject!).Counter(machine.CpuAt(cpu), index);
        Location counted = LocationOf(counter.Block, counter.Index);
        place = PickSource(cpu, counted, new Operation { Kind = OperationKind.AddReturn, Block = counter.Block, Index = counter.Index, A = 1 });
        LoadRelease(counter.Block, counter.Index, counted, place);
        Update(cpu, counter.Block, counter.Index, counted, place, ValueAt(counted, place) + 1, Traits.Rmw | Traits.Full);
        OverwrittenAt = overwritten;
        return index;
    }

    private int PickSource(int cpu, Location at, in Operation op)
    {
        if (Search is not null)
        {
            return Search.PickSource(cpu, at, op);
        }

        int found = FindSources(cpu, at, op);
        return candidates[found == 1 ? 0 : (int)machine.ChooseValue(found)];
    }

    /// <summary>Finds the places that the operation may read from, the newest first.</summary>
    /// <returns>How many there are.</returns>
    public int FindSources(int cpu, Location at, in Operation op)
    {
        int found = 0;
        int newest = at.Newest;
        if (!op.CanBlock || Satisfies(op, ValueAt(at, newest)))
        {
            candidates[found++] = newest;
        }

        int floor = at.FloorOf(cpu);
        if (floor == newest || at.IsOrdered || (comesLast >> cpu & 1) != 0)
        {
            return found;
        }

        bool? preparedUpdate = null;
        for (int place = newest - 1; place >= floor && found < MostAlternatives; place--)
        {
            ulong value = ValueAt(at, place);
            if (op.CanBlock && !Satisfies(op, value))
            {
                continue;
            }

            bool isUpdate = IsUpdate(op, value);
            if (isUpdate && IsFollowedByUpdate(at, place))
            {
                continue;
            }

            if (preparedUpdate != isUpdate)
            {
                graph.Prepare(cpu, isUpdate ? UpdateTraitsOf(cpu, op) : TraitsOf(op), at);
                preparedUpdate = isUpdate;
            }

            if (graph.Allows(at.Writes[place], place + 1))
            {
                candidates[found++] = place;
            }
            else if (!graph.AllowsOlder(place + 1))
            {
                break;
            }
        }

        return found;
    }

    private int ChoosePlace(int cpu, Location at, Traits traits)
    {
        int place;
        graph.Prepare(cpu, traits, at);
        if (Search is not null)
        {
            place = Search.PickPlace(cpu, at);
            graph.Prepare(cpu, traits, at);
            return place;
        }

        int found = FindPlaces(cpu, at);
        return candidates[found == 1 ? 0 : (int)machine.ChooseValue(found)];
    }

    /// <summary>Finds the places where the prepared write may go, the last first.</summary>
    /// <returns>How many there are.</returns>
    public int FindPlaces(int cpu, Location at)
    {
        int found = 1;
        candidates[0] = at.Count;
        int floor = at.FloorOf(cpu);
        if (floor == at.Newest || at.IsOrdered || ComesLast(cpu))
        {
            return found;
        }

        for (int place = at.Newest; place > floor && found < MostAlternatives; place--)
        {
            if (IsFollowedByUpdate(at, place - 1))
            {
                continue;
            }

            if (graph.Allows(Location.Initial, place))
            {
                candidates[found++] = place;
            }
            else if (Model == MemoryModel.Lkmm)
            {
                break;
            }
        }

        return found;
    }

    private void Read(int cpu, Location at, int place)
    {
        int e = graph.Commit(at.Writes[place], place + 1);
        Note(e, 0, at);
        at.Saw(cpu, place);
        OverwrittenAt = place < at.Newest ? steps[at.Writes[place + 1]] : 0;
        Search?.Added(e);
    }

    private void Write(int cpu, Block block, int index, Location at, ulong value, int place)
    {
        int e = graph.Commit(Location.Initial, place);
        Place(e, cpu, block, index, at, place, value);
    }

    private void Update(int cpu, Block block, int index, Location at, int source, ulong value, Traits traits)
    {
        graph.Prepare(cpu, traits, at);
        int e = graph.Commit(at.Writes[source], source + 1);
        Place(e, cpu, block, index, at, source + 1, value);
    }

    private void Place(int e, int cpu, Block block, int index, Location at, int place, ulong value)
    {
        OverwrittenAt = place < at.Count ? steps[at.Writes[place]] : 0;
        Note(e, value, at);
        WordShadow shadow = Order.ShadowOf(block, index);
        releases[e] = shadow.HasRelease;
        if (shadow.HasRelease)
        {
            shadow.Release.AsSpan(0, width).CopyTo(releaseClocks.AsSpan(e * width, width));
        }

        if (place == at.Count)
        {
            block.Words[index] = value;
        }

        at.Insert(place, e, cpu);
        Search?.Added(e);
    }

    private void Note(int e, ulong value, Location? at)
    {
        values[e] = value;
        steps[e] = machine.Steps;
        places[e] = at;
    }

    // The race detector knows what whoever reads the newest write acquires; have it know the same of the write that is read.
    private void LoadRelease(Block block, int index, Location at, int place)
    {
        WordShadow shadow = Order.ShadowOf(block, index);
        int e = at.Writes[place];
        if (e == Location.Initial)
        {
            shadow.HasRelease = at.InitialRelease.Length != 0;
            at.InitialRelease.CopyTo(shadow.Release, 0);
            return;
        }

        shadow.HasRelease = releases[e];
        if (releases[e])
        {
            releaseClocks.AsSpan(e * width, width).CopyTo(shadow.Release);
        }
    }

    private ulong ValueAt(Location at, int place) => at.Writes[place] is var e and >= 0 ? values[e] : at.InitialValue;

    private bool IsFollowedByUpdate(Location at, int place) =>
        place < at.Newest && graph.TraitsOf(at.Writes[place + 1]).HasAny(Traits.Read);

    // A graph that is full begins anew: what was overwritten before is then forgotten, and all CPUs have seen what there is.
    private void MakeRoom()
    {
        if (graph.Count < EventGraph.Capacity - 2)
        {
            return;
        }

        Search?.GiveUp();

        foreach (Location at in locations)
        {
            int newest = at.Writes[at.Newest];
            int[] release = at.InitialRelease;
            if (newest >= 0)
            {
                release = releases[newest] ? releaseClocks.AsSpan(newest * width, width).ToArray() : [];
            }

            at.Forget(ValueAt(at, at.Newest));
            at.InitialRelease = release;
        }

        fillRun++;
        graph.Begin(Model, width);
    }

    private static bool Satisfies(in Operation op, ulong value) => op.Kind switch
    {
        OperationKind.WaitUntilEqual => value == op.A,
        OperationKind.WaitUntilNotEqual => value != op.A,
        OperationKind.Down => value != 0,
        _ => true,
    };

    private static bool IsUpdate(in Operation op, ulong old) => op.Kind switch
    {
        OperationKind.CmpXchg => old == op.A,
        OperationKind.Xchg or OperationKind.AddReturn or OperationKind.FetchOr or OperationKind.FetchAndNot or OperationKind.Down
            or OperationKind.AtomicAdd or OperationKind.AtomicOr or OperationKind.SrcuReadUnlock => true,
        _ => false,
    };

    private Traits UpdateTraitsOf(int cpu, in Operation op)
    {
        if (Model == MemoryModel.Lkmm && op.Kind is OperationKind.AtomicAdd or OperationKind.AtomicOr)
        {
            return Traits.Rmw | Traits.Silent;
        }

        return IsRelaxed(cpu) ? Traits.Rmw : Traits.Rmw | Traits.Full;
    }

    // Whether the ordering of an atomic is left out. Instructions of tso have no atomic without it.
    private bool IsRelaxed(int cpu) => Model == MemoryModel.Lkmm && machine.CpuAt(cpu).IsRelaxed;

    private static Traits TraitsOf(in Operation op) => op.Kind switch
    {
        OperationKind.LoadAcquire or OperationKind.HardwareRead or OperationKind.WaitUntilEqual or OperationKind.WaitUntilNotEqual => Traits.Read | Traits.Acquire,
        _ => Traits.Read,
    };

    private static ulong After(in Operation op, int cpu, ulong old) => op.Kind switch
    {
        OperationKind.Xchg => op.A,
        OperationKind.CmpXchg => op.B,
        OperationKind.AddReturn or OperationKind.AtomicAdd => old + op.A,
        OperationKind.FetchOr or OperationKind.AtomicOr => old | op.A,
        OperationKind.FetchAndNot => old & ~op.A,
        OperationKind.Down => old - 1,
        OperationKind.Lock => old | ((ulong)cpu + 1),
        OperationKind.Unlock => old - ((ulong)cpu + 1),
        OperationKind.ReadLock => old + Lock.OneReader,
        OperationKind.ReadUnlock => old - Lock.OneReader,
        OperationKind.SrcuReadUnlock => old - 1,
        _ => throw new InvalidOperationException($"{op.Kind} changes nothing"),
    };
}
