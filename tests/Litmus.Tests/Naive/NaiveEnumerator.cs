using MmuStress.Explorer;

namespace MmuStress.Litmus.Tests;

/// <summary>Generates every candidate execution and asks about each when it is finished: no pruning, no order of decisions.</summary>
internal sealed class NaiveEnumerator(LitmusTest test, IReadOnlyList<long> everyValue)
{
    private readonly ExecutionGraph graph = new();
    private readonly List<(int Read, List<int> Sources)> reads = [];
    private readonly List<List<int>> orders = [];

    /// <summary>The final states that are allowed.</summary>
    public SortedSet<string> States { get; } = new(StringComparer.Ordinal);

    public bool HasRace { get; private set; }

    /// <summary>How many finished candidates were asked about.</summary>
    public int Candidates { get; private set; }

    /// <summary>Goes through all of them.</summary>
    /// <param name="judge">Whether an execution is allowed, and has a race.</param>
    public void Run(Func<ExecutionGraph, (bool IsConsistent, bool HasRace)> judge)
    {
        // Every location may have every value, written by anybody.
        var values = new ValueTable(test.Locations);
        for (int location = 0; location < test.Locations.Count; location++)
        {
            foreach (long value in everyValue)
            {
                for (int p = 0; p < test.ProcessCount; p++)
                {
                    values.Add(location, value, p);
                }
            }
        }

        var traces = new List<Trace>[test.ProcessCount];
        for (int p = 0; p < test.ProcessCount; p++)
        {
            List<Trace> found = traces[p] = [];
            new ProcessRunner(test, p, values, takesAllBranches: false).Run(t =>
            {
                found.Add(t);
                return true;
            });
        }

        Combine(traces, [], judge);
    }

    private void Combine(List<Trace>[] traces, List<Trace> chosen, Func<ExecutionGraph, (bool IsConsistent, bool HasRace)> judge)
    {
        if (chosen.Count == traces.Length)
        {
            Load(chosen);
            ChooseReads(0, chosen, judge);
            return;
        }

        foreach (Trace trace in traces[chosen.Count])
        {
            chosen.Add(trace);
            Combine(traces, chosen, judge);
            chosen.RemoveAt(chosen.Count - 1);
        }
    }

    private void Load(List<Trace> chosen)
    {
        graph.Reset(chosen.Sum(t => t.Events.Length));
        for (int p = 0; p < chosen.Count; p++)
        {
            int first = graph.Count;
            foreach (TraceEvent e in chosen[p].Events)
            {
                int added = graph.Add(p, e.Kind, e.Location, e.Value, e.Flags);
                for (int i = 0; i < 64; i++)
                {
                    AddIf(e.Addr, i, graph.Addr);
                    AddIf(e.Data, i, graph.Data);
                    AddIf(e.Ctrl, i, graph.Ctrl);
                }

                if (e.RmwRead >= 0 && e.Kind == EventKind.Write)
                {
                    graph.Rmw.Add(first + e.RmwRead, added);
                }

                void AddIf(ulong reads, int i, Relation relation)
                {
                    if ((reads >> i & 1) != 0)
                    {
                        relation.Add(first + i, added);
                    }
                }
            }
        }

        reads.Clear();
        orders.Clear();
        for (int e = 0; e < graph.Count; e++)
        {
            if (graph.IsRead(e) && graph.Kind(e) != EventKind.LockRead)
            {
                var sources = Enumerable.Range(0, graph.Count).Where(w => graph.IsWrite(w) && graph.Location(w) == graph.Location(e) && graph.Value(w) == graph.Value(e)).ToList();
                if (graph.Value(e) == test.Locations.InitialValue(graph.Location(e)))
                {
                    sources.Add(ExecutionGraph.Initial);
                }

                reads.Add((e, sources));
            }
        }

        for (int location = 0; location < test.Locations.Count; location++)
        {
            orders.Add([.. Enumerable.Range(0, graph.Count).Where(w => graph.IsWrite(w) && graph.Location(w) == location)]);
        }
    }

    private void ChooseReads(int next, List<Trace> chosen, Func<ExecutionGraph, (bool IsConsistent, bool HasRace)> judge)
    {
        if (next == reads.Count)
        {
            ChooseOrders(0, chosen, judge);
            return;
        }

        foreach (int source in reads[next].Sources)
        {
            graph.SetReadsFrom(reads[next].Read, source);
            ChooseReads(next + 1, chosen, judge);
        }
    }

    private void ChooseOrders(int location, List<Trace> chosen, Func<ExecutionGraph, (bool IsConsistent, bool HasRace)> judge)
    {
        if (location == orders.Count)
        {
            Judge(chosen, judge);
            return;
        }

        foreach (List<int> order in Permutations(orders[location]).ToList())
        {
            List<int> before = orders[location];
            orders[location] = order;
            ChooseOrders(location + 1, chosen, judge);
            orders[location] = before;
        }
    }

    private void Judge(List<Trace> chosen, Func<ExecutionGraph, (bool IsConsistent, bool HasRace)> judge)
    {
        graph.Co.Clear();
        foreach (List<int> order in orders)
        {
            for (int i = 0; i < order.Count; i++)
            {
                for (int j = i + 1; j < order.Count; j++)
                {
                    graph.Co.Add(order[i], order[j]);
                }

                // A lock is taken right after it was given back, and not by two at once.
                if (graph.Kind(order[i]) == EventKind.LockWrite)
                {
                    int previous = i == 0 ? ExecutionGraph.Initial : order[i - 1];
                    if (i > 0 && graph.Kind(previous) != EventKind.Unlock)
                    {
                        return;
                    }

                    graph.SetReadsFrom(order[i] - 1, previous);
                }
                else if (graph.Kind(order[i]) == EventKind.Unlock && (i == 0 || graph.Cpu(order[i - 1]) != graph.Cpu(order[i]) || order[i - 1] > order[i]))
                {
                    return;
                }
            }
        }

        if (ComesFromItself())
        {
            return;
        }

        Candidates++;
        (bool isConsistent, bool hasRace) = judge(graph);
        if (isConsistent)
        {
            HasRace |= hasRace;
            States.Add(State(chosen));
        }
    }

    private bool ComesFromItself()
    {
        var from = new Relation();
        from.CopyFrom(graph.Data);
        from.UnionWith(graph.Addr);
        foreach ((int read, _) in reads)
        {
            if (graph.ReadsFrom(read) >= 0 && graph.Value(read) != LocationTable.ThinAir)
            {
                from.Add(graph.ReadsFrom(read), read);
            }
        }

        from.Close();
        return !from.IsIrreflexive;
    }

    private string State(List<Trace> chosen) => string.Join(' ', test.Observed.Select(o =>
    {
        long value = o.IsRegister ? chosen[o.Process].Registers[o.Index]
            : orders[o.Index].Count == 0 ? test.Locations.InitialValue(o.Index)
            : graph.Value(orders[o.Index][^1]);
        return $"{test.NameOf(o)}={test.Locations.Text(value)};";
    }));

    private static IEnumerable<List<int>> Permutations(List<int> items)
    {
        if (items.Count <= 1)
        {
            return [items];
        }

        return items.SelectMany((item, i) => Permutations([.. items.Where((_, j) => j != i)]).Select(rest => (List<int>)[item, .. rest]));
    }
}
