using System.Threading;
using MmuStress.Explorer;

namespace MmuStress.Litmus;

/// <summary>
/// Given how each process runs, looks for executions that a memory model allows: who reads from whom, in which order writes
/// to a location take effect, and who takes a lock after whom.
/// </summary>
/// <remarks>
/// Depth-first. After each decision, what coherence implies is added and the model is asked about the unfinished execution: its
/// axioms only get harder to meet, so one that it forbids is left at once.
/// Where who reads from whom makes a value come from itself there is no execution, as in herd, unless it is only copied
/// (<see cref="ThinAir"/>).
/// </remarks>
internal sealed class ExecutionSearch(LitmusTest test, IConsistencyModel model, CancellationToken cancellation)
{
    private const int MostEvents = 400;

    private readonly ExecutionGraph graph = new();
    private readonly Relation poLoc = new();
    private readonly Relation order = new();
    private readonly Relation start = new();
    private readonly List<Relation> saved = [];
    private readonly List<List<int>> writes = [];
    private readonly List<int> locations = [];
    private readonly List<(int Read, int Write)> rmws = [];
    private readonly List<(int Read, List<int> Sources, bool IsLate)> reads = [];
    private readonly List<Section> sections = [];
    private readonly HashSet<int> overwritten = [];
    private Func<bool> found = static () => true;

    /// <summary>How often the model was asked.</summary>
    public long Checks { get; private set; }

    /// <summary>How often it may be asked.</summary>
    public long MostChecks { get; set; } = long.MaxValue;

    /// <summary>Whether a search ended early.</summary>
    public bool IsExhausted => Checks >= MostChecks || cancellation.IsCancellationRequested;

    /// <summary>The execution that is looked at.</summary>
    public ExecutionGraph Graph => graph;

    /// <summary>Counts work that was done elsewhere like questions to the model.</summary>
    public void Spend(long checks) => Checks += checks;

    /// <summary>Takes in how each process runs.</summary>
    /// <returns>False where that is impossible whatever is decided.</returns>
    public bool Load(IReadOnlyList<Trace> traces)
    {
        int count = traces.Sum(t => t.Events.Length);
        if (count > MostEvents)
        {
            throw LitmusException.Unsupported(0, $"more than {MostEvents} events");
        }

        graph.Reset(count);
        reads.Clear();
        sections.Clear();
        rmws.Clear();
        locations.Clear();
        while (writes.Count < test.Locations.Count)
        {
            writes.Add([]);
        }

        foreach (List<int> list in writes)
        {
            list.Clear();
        }

        for (int p = 0; p < traces.Count; p++)
        {
            AddEvents(p, traces[p]);
        }

        LoadProgramOrder();
        if (!LoadSections() || !LoadReads())
        {
            return false;
        }

        foreach (List<int> list in writes)
        {
            for (int i = 0; i < list.Count; i++)
            {
                for (int j = i + 1; j < list.Count; j++)
                {
                    if (graph.Cpu(list[i]) == graph.Cpu(list[j]))
                    {
                        graph.Co.Add(list[i], list[j]);
                    }
                }
            }
        }

        overwritten.Clear();
        foreach ((int read, List<int> sources, _) in reads)
        {
            if (sources.Count == 1 && rmws.Exists(r => r.Read == read))
            {
                overwritten.Add(sources[0]);
            }
        }

        start.CopyFrom(graph.Co);
        model.Load(graph);
        return true;
    }

    /// <summary>The writes that can come last at a location; <see cref="ExecutionGraph.Initial"/> alone where there is none.</summary>
    /// <remarks>One that a read-modify-write of another must have read from does not: that wrote after it.</remarks>
    public IEnumerable<int> LastWrites(int location)
    {
        List<int> list = writes[location];
        return list.Count == 0
            ? [ExecutionGraph.Initial]
            : list.Where(w => !list.Exists(x => x > w && graph.Cpu(x) == graph.Cpu(w)) && !overwritten.Contains(w));
    }

    /// <summary>Looks for executions in which given writes come last.</summary>
    /// <param name="last">The writes.</param>
    /// <param name="onFound">Called for each execution; says whether to stop.</param>
    /// <returns>Whether it was told to stop.</returns>
    public bool Search(IEnumerable<int> last, Func<bool> onFound)
    {
        found = onFound;
        graph.Co.CopyFrom(start);
        foreach ((int read, List<int> sources, _) in reads)
        {
            graph.SetReadsFrom(read, sources.Count == 1 ? sources[0] : ExecutionGraph.Unknown);
        }

        foreach (Section section in sections)
        {
            graph.SetReadsFrom(section.Read, ExecutionGraph.Unknown);
        }

        foreach (int write in last)
        {
            if (write < 0)
            {
                continue;
            }

            foreach (int other in writes[graph.Location(write)])
            {
                if (other != write && !graph.Co[other, write])
                {
                    Order(other, write);
                }
            }
        }

        return Visit(0);
    }

    private void AddEvents(int process, Trace trace)
    {
        int first = graph.Count;
        foreach (TraceEvent e in trace.Events)
        {
            int added = graph.Add(process, e.Kind, e.Location, e.Value, e.Flags);
            AddDependencies(graph.Addr, e.Addr, first, added);
            AddDependencies(graph.Data, e.Data, first, added);
            AddDependencies(graph.Ctrl, e.Ctrl, first, added);
            if (e.RmwRead >= 0 && e.Kind == EventKind.Write)
            {
                graph.Rmw.Add(first + e.RmwRead, added);
                rmws.Add((first + e.RmwRead, added));
            }

            if (graph.IsWrite(added))
            {
                if (writes[e.Location].Count == 0)
                {
                    locations.Add(e.Location);
                }

                writes[e.Location].Add(added);
            }
        }

        static void AddDependencies(Relation relation, ulong reads, int first, int to)
        {
            for (; reads != 0; reads &= reads - 1)
            {
                relation.Add(first + System.Numerics.BitOperations.TrailingZeroCount(reads), to);
            }
        }
    }

    private void LoadProgramOrder()
    {
        poLoc.Reset(graph.Capacity);
        for (int a = 0; a < graph.Count; a++)
        {
            for (int b = a + 1; b < graph.Count && graph.Cpu(b) == graph.Cpu(a); b++)
            {
                if (graph.Location(a) >= 0 && graph.Location(a) == graph.Location(b)
                    && graph.Kind(a) != EventKind.SyncSrcu && graph.Kind(b) != EventKind.SyncSrcu)
                {
                    poLoc.Add(a, b);
                }
            }
        }
    }

    private bool LoadSections()
    {
        for (int read = 0; read < graph.Count; read++)
        {
            if (graph.Kind(read) != EventKind.LockRead)
            {
                continue;
            }

            int unlock = -1;
            for (int e = read + 2; e < graph.Count && graph.Cpu(e) == graph.Cpu(read) && unlock < 0; e++)
            {
                unlock = graph.Kind(e) == EventKind.Unlock && graph.Location(e) == graph.Location(read) ? e : -1;
            }

            if (unlock < 0 && sections.Exists(s => s.Unlock < 0 && s.Location == graph.Location(read)))
            {
                // Two that never give a lock back cannot both get it.
                return false;
            }

            sections.Add(new Section(graph.Location(read), read, read + 1, unlock));
        }

        return true;
    }

    private bool LoadReads()
    {
        for (int read = 0; read < graph.Count; read++)
        {
            EventKind kind = graph.Kind(read);
            if (!graph.IsRead(read) || kind == EventKind.LockRead)
            {
                continue;
            }

            List<int> sources = Sources(read);
            if (sources.Count == 0)
            {
                return false;
            }

            reads.Add((read, sources, kind == EventKind.SrcuLock));
        }

        return true;
    }

    private List<int> Sources(int read)
    {
        var sources = new List<int>();
        EventKind kind = graph.Kind(read);
        int location = graph.Location(read);
        int own = -1;
        foreach (int write in writes[location])
        {
            if (graph.Cpu(write) == graph.Cpu(read) && write < read)
            {
                own = write;
            }
        }

        if (kind == EventKind.LockFail && own >= 0 && graph.Kind(own) == EventKind.LockWrite)
        {
            // In its own critical section it finds the lock as it took it.
            return [own];
        }

        bool isInitial = kind switch
        {
            EventKind.LockFail => false,
            EventKind.ReadUnlocked => own < 0,
            _ => own < 0 && graph.Value(read) == test.Locations.InitialValue(location),
        };
        if (isInitial)
        {
            sources.Add(ExecutionGraph.Initial);
        }

        foreach (int write in writes[location])
        {
            bool isForeign = graph.Cpu(write) != graph.Cpu(read);
            bool fits = kind switch
            {
                EventKind.LockFail => graph.Kind(write) == EventKind.LockWrite,
                EventKind.ReadUnlocked => graph.Kind(write) == EventKind.Unlock,
                _ => graph.Value(write) == graph.Value(read),
            };
            if (fits && (isForeign || write == own))
            {
                sources.Add(write);
            }
        }

        return sources;
    }

    private bool Visit(int depth)
    {
        if (!Imply() || IsExhausted)
        {
            return false;
        }

        Checks++;
        if (!model.IsConsistent())
        {
            return false;
        }

        if (saved.Count == depth)
        {
            saved.Add(new Relation());
        }

        if (UndecidedRead(isLate: false) is var read and >= 0)
        {
            return VisitSources(read, depth);
        }

        (int First, int Second) pair = UndecidedPair();
        if (pair.First >= 0)
        {
            Relation before = saved[depth];
            before.CopyFrom(graph.Co);
            Order(pair.First, pair.Second);
            if (Visit(depth + 1))
            {
                return true;
            }

            graph.Co.CopyFrom(saved[depth]);
            ForgetLockReads(graph.Location(pair.First));
            Order(pair.Second, pair.First);
            bool isDone = Visit(depth + 1);
            graph.Co.CopyFrom(saved[depth]);
            ForgetLockReads(graph.Location(pair.First));
            return isDone;
        }

        read = UndecidedRead(isLate: true);
        if (read >= 0)
        {
            return VisitSources(read, depth);
        }

        return !ComesFromItself() && found();
    }

    private bool VisitSources(int index, int depth)
    {
        (int read, List<int> sources, _) = reads[index];
        saved[depth].CopyFrom(graph.Co);
        foreach (int source in sources)
        {
            graph.SetReadsFrom(read, source);
            if (Visit(depth + 1))
            {
                return true;
            }

            graph.Co.CopyFrom(saved[depth]);
            foreach (Section section in sections)
            {
                graph.SetReadsFrom(section.Read, ExecutionGraph.Unknown);
            }
        }

        graph.SetReadsFrom(read, ExecutionGraph.Unknown);
        return false;
    }

    private void ForgetLockReads(int location)
    {
        foreach (Section section in sections)
        {
            if (section.Location == location)
            {
                graph.SetReadsFrom(section.Read, ExecutionGraph.Unknown);
            }
        }
    }

    private int UndecidedRead(bool isLate)
    {
        int best = -1;
        for (int i = 0; i < reads.Count; i++)
        {
            if (reads[i].IsLate == isLate
                && graph.ReadsFrom(reads[i].Read) == ExecutionGraph.Unknown
                && (best < 0 || reads[i].Sources.Count < reads[best].Sources.Count))
            {
                best = i;
            }
        }

        return best;
    }

    // Two writes to one location whose order is open; those of reads that wait for others come last.
    private (int First, int Second) UndecidedPair()
    {
        foreach (int location in locations)
        {
            List<int> list = writes[location];
            for (int i = 0; i < list.Count; i++)
            {
                for (int j = i + 1; j < list.Count; j++)
                {
                    if (!graph.Co[list[i], list[j]] && !graph.Co[list[j], list[i]])
                    {
                        return (list[i], list[j]);
                    }
                }
            }
        }

        return (-1, -1);
    }

    // Adds a pair to coherence and keeps it transitive.
    private void Order(int first, int second)
    {
        List<int> list = writes[graph.Location(first)];
        foreach (int a in list)
        {
            if (a != first && !graph.Co[a, first])
            {
                continue;
            }

            foreach (int b in list)
            {
                if (b == second || graph.Co[second, b])
                {
                    graph.Co.Add(a, b);
                }
            }
        }
    }

    // Adds what follows for coherence; false where it contradicts itself.
    private bool Imply()
    {
        while (true)
        {
            order.CopyFrom(poLoc);
            order.UnionWith(graph.Co);
            for (int read = 0; read < graph.Count; read++)
            {
                if (!graph.IsRead(read))
                {
                    continue;
                }

                int source = graph.ReadsFrom(read);
                if (source >= 0)
                {
                    order.Add(source, read);
                    order.AddRow(read, graph.Co.Row(source));
                }
                else if (source == ExecutionGraph.Initial)
                {
                    foreach (int write in writes[graph.Location(read)])
                    {
                        order.Add(read, write);
                    }
                }
            }

            order.Close();
            if (!order.IsIrreflexive)
            {
                return false;
            }

            if (!ImplyOrders() && !ImplyAtomicity() && !ImplyLocks())
            {
                return true;
            }
        }
    }

    private bool ImplyOrders()
    {
        bool hasChanged = false;
        foreach (int location in locations)
        {
            List<int> list = writes[location];
            foreach (int a in list)
            {
                foreach (int b in list)
                {
                    if (order[a, b] && !graph.Co[a, b])
                    {
                        Order(a, b);
                        hasChanged = true;
                    }
                }
            }
        }

        return hasChanged;
    }

    // Nothing comes between the write that a read-modify-write reads and the one that it makes.
    private bool ImplyAtomicity()
    {
        bool hasChanged = false;
        foreach ((int read, int write) in rmws)
        {
            int source = graph.ReadsFrom(read);
            if (source == ExecutionGraph.Unknown)
            {
                continue;
            }

            foreach (int other in writes[graph.Location(write)])
            {
                if (other == write || other == source)
                {
                    continue;
                }

                if ((source < 0 || graph.Co[source, other]) && !graph.Co[write, other])
                {
                    Order(write, other);
                    hasChanged = true;
                }
                else if (source >= 0 && graph.Co[other, write] && !graph.Co[other, source])
                {
                    Order(other, source);
                    hasChanged = true;
                }
            }
        }

        return hasChanged;
    }

    // Critical sections do not overlap; the first in a row finds the lock as it was, each other one as the one before left it.
    private bool ImplyLocks()
    {
        bool hasChanged = false;
        foreach (Section a in sections)
        {
            Section? previous = null;
            bool isOrdered = true;
            foreach (Section b in sections)
            {
                if (b.Location != a.Location || b == a)
                {
                    continue;
                }

                if (b.Unlock < 0 && !graph.Co[a.Write, b.Write])
                {
                    Order(a.Write, b.Write);
                    hasChanged = true;
                }

                if (graph.Co[a.Write, b.Write] && a.Unlock >= 0 && !graph.Co[a.Unlock, b.Write])
                {
                    Order(a.Unlock, b.Write);
                    hasChanged = true;
                }

                if (graph.Co[b.Write, a.Write])
                {
                    previous = previous is null || graph.Co[previous.Write, b.Write] ? b : previous;
                }
                else
                {
                    isOrdered &= graph.Co[a.Write, b.Write];
                }
            }

            if (isOrdered && !hasChanged && graph.ReadsFrom(a.Read) == ExecutionGraph.Unknown && ArePreviousOrdered(a))
            {
                graph.SetReadsFrom(a.Read, previous?.Unlock ?? ExecutionGraph.Initial);
                hasChanged = true;
            }
        }

        return hasChanged;
    }

    private bool ArePreviousOrdered(Section section)
    {
        foreach (Section a in sections)
        {
            foreach (Section b in sections)
            {
                if (a != b && a.Location == section.Location && b.Location == section.Location
                    && graph.Co[a.Write, section.Write] && graph.Co[b.Write, section.Write]
                    && !graph.Co[a.Write, b.Write] && !graph.Co[b.Write, a.Write])
                {
                    return false;
                }
            }
        }

        return true;
    }

    // Whether a value that is known depends on itself through dependencies and who reads from whom.
    private bool ComesFromItself()
    {
        order.CopyFrom(graph.Data);
        order.UnionWith(graph.Addr);
        for (int read = 0; read < graph.Count; read++)
        {
            if (graph.IsRead(read) && graph.ReadsFrom(read) >= 0 && graph.Value(read) != LocationTable.ThinAir)
            {
                order.Add(graph.ReadsFrom(read), read);
            }
        }

        return !order.IsAcyclic();
    }

    /// <summary>A critical section: the read and the write that take the lock, and the write that gives it back, if any.</summary>
    private sealed record Section(int Location, int Read, int Write, int Unlock);
}
