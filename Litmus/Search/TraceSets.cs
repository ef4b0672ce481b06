using System.Threading;
using MmuStress.Explorer;

namespace MmuStress.Litmus;

/// <summary>All ways in which each process can run, given what the others can write.</summary>
/// <remarks>
/// Values that a location can have and traces that write them are computed from one another until nothing is added. Each
/// round adds values one write further from the initial ones; since each write instruction is performed once at most and
/// no value comes from itself, there are not more rounds than write instructions.
/// </remarks>
internal sealed class TraceSets
{
    private const int MostTraces = 60_000;

    private readonly LitmusTest test;
    private readonly CancellationToken cancellation;
    private readonly ValueTable values;

    public TraceSets(LitmusTest test, CancellationToken cancellation)
    {
        this.test = test;
        this.cancellation = cancellation;
        values = new ValueTable(test.Locations);
        Traces = new List<Trace>[test.ProcessCount];
        Collect();
        RequireLocksToBeLocks();
        Annotate();
        Prune(Traces);
    }

    /// <summary>The traces of each process.</summary>
    public List<Trace>[] Traces { get; }

    /// <summary>What is odd about the test.</summary>
    public SortedSet<string> Remarks { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether some process accesses memory plainly.</summary>
    public bool HasPlainAccesses => Traces.Any(traces => traces.Exists(t => t.Events.Any(IsPlain)));

    /// <summary>How many values there are.</summary>
    public int ValueCount => values.Count;

    /// <summary>The numbers of the initial values.</summary>
    public IEnumerable<int> InitialValues => Enumerable.Range(0, test.Locations.Count).Select(l => values.Number(l, test.Locations.InitialValue(l)));

    /// <summary>Takes away traces that need a value that no trace of another process writes.</summary>
    public static void Prune(List<Trace>[] traces)
    {
        int words = traces.SelectMany(t => t).Select(t => t.Writes.Length).FirstOrDefault();
        var union = new ulong[traces.Length][];
        var others = new ulong[words];
        for (bool isShrinking = true; isShrinking;)
        {
            isShrinking = false;
            for (int p = 0; p < traces.Length; p++)
            {
                union[p] = Union(traces[p], words);
            }

            for (int p = 0; p < traces.Length; p++)
            {
                Array.Clear(others);
                for (int q = 0; q < traces.Length; q++)
                {
                    for (int w = 0; w < words && q != p; w++)
                    {
                        others[w] |= union[q][w];
                    }
                }

                isShrinking |= traces[p].RemoveAll(t => !IsSubset(t.Needs, others)) > 0;
            }
        }
    }

    public static ulong[] Union(IEnumerable<Trace> traces, int words)
    {
        var union = new ulong[words];
        foreach (Trace trace in traces)
        {
            for (int w = 0; w < words; w++)
            {
                union[w] |= trace.Writes[w];
            }
        }

        return union;
    }

    public static bool IsSubset(ulong[] part, ulong[] whole)
    {
        for (int w = 0; w < part.Length; w++)
        {
            if ((part[w] & ~whole[w]) != 0)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsPlain(TraceEvent e) => e.Flags == EventFlags.None && e.Kind is EventKind.Read or EventKind.Write && e.Flags == EventFlags.None;

    private static bool Writes(Instruction instruction) => instruction switch
    {
        Instruction.Store or Instruction.SrcuUnlock => true,
        Instruction.Evaluate evaluate => Writes(evaluate.Value),
        Instruction.Assign assign => Writes(assign.Value),
        Instruction.Branch branch => Writes(branch.Condition),
        _ => false,
    };

    private static bool Writes(Expression expression) => expression switch
    {
        Expression.Unary unary => Writes(unary.Operand),
        Expression.Binary binary => Writes(binary.Left) || Writes(binary.Right),
        Expression.Load load => Writes(load.Address),
        Expression.ReadModifyWrite => true,
        _ => false,
    };

    private void Collect()
    {
        CollectValues();
        if (new ThinAir(test).AddTo(values))
        {
            CollectValues();
        }

        for (int p = 0; p < test.ProcessCount; p++)
        {
            var traces = new List<Trace>();
            Run(p, takesAllBranches: false, traces.Add);
            Traces[p] = traces;
        }
    }

    // All processes of a round see the values of the rounds before, so that a round goes one write further, and not more.
    private void CollectValues()
    {
        int rounds = test.Processes.Sum(p => p.Instructions.Count(Writes));
        var seen = new HashSet<(int Location, long Value, int Process)>();
        bool hasGrown = true;
        for (int round = 0; round < rounds && hasGrown; round++)
        {
            for (int p = 0; p < test.ProcessCount; p++)
            {
                CollectValues(p, seen);
            }

            hasGrown = false;
            foreach ((int location, long value, int process) in seen)
            {
                hasGrown |= values.Add(location, value, process);
            }
        }
    }

    private void CollectValues(int process, HashSet<(int Location, long Value, int Process)> seen) => Run(process, takesAllBranches: true, trace =>
    {
        foreach (TraceEvent e in trace.Events)
        {
            if (e.Kind is EventKind.Write or EventKind.SrcuUnlock)
            {
                seen.Add((e.Location, e.Value, process));
            }
        }
    });

    private void Run(int process, bool takesAllBranches, Action<Trace> found)
    {
        int count = 0;
        var runner = new ProcessRunner(test, process, values, takesAllBranches);
        bool isComplete = runner.Run(trace =>
        {
            if (cancellation.IsCancellationRequested)
            {
                throw LitmusException.Unsupported(0, "not decided when the time was up");
            }

            found(trace);
            return ++count < MostTraces;
        });
        Remarks.UnionWith(runner.UsedUnset);
        if (!isComplete)
        {
            throw LitmusException.Unsupported(0, $"P{test.Processes[process].Number} can run in {MostTraces} ways or more");
        }
    }

    private void RequireLocksToBeLocks()
    {
        var locks = new HashSet<int>();
        var others = new HashSet<int>();
        foreach (TraceEvent e in Traces.SelectMany(t => t).SelectMany(t => t.Events))
        {
            if (e.Location >= 0)
            {
                bool isLock = e.Kind is EventKind.LockRead or EventKind.LockWrite or EventKind.Unlock or EventKind.LockFail or EventKind.ReadUnlocked;
                (isLock ? locks : others).Add(e.Location);
            }
        }

        foreach (int location in locks)
        {
            if (others.Contains(location))
            {
                throw LitmusException.Unsupported(0, $"{test.Locations.Name(location)} is a spinlock and is accessed otherwise too");
            }

            if (test.Locations.InitialValue(location) != 0)
            {
                throw LitmusException.Unsupported(0, $"the spinlock {test.Locations.Name(location)} is not 0 initially");
            }

            if (test.Observed.Any(o => o.IsLocation && o.Index == location))
            {
                throw LitmusException.Unsupported(0, $"the final value of the spinlock {test.Locations.Name(location)}");
            }
        }
    }

    private void Annotate()
    {
        int words = Relation.WordsFor(values.Count);
        var own = new Dictionary<int, long>();
        foreach (Trace trace in Traces.SelectMany(t => t))
        {
            trace.Writes = new ulong[words];
            trace.Needs = new ulong[words];
            own.Clear();
            trace.Written = [.. trace.Events.Where(e => e.Kind is EventKind.Write or EventKind.SrcuUnlock).Select(e => values.Number(e.Location, e.Value))];
            trace.Taken = [.. trace.Events.Where(e => e.Kind == EventKind.Write && e.RmwRead >= 0).Select(e => values.Number(e.Location, trace.Events[e.RmwRead].Value))];
            foreach (TraceEvent e in trace.Events)
            {
                if (e.Kind is EventKind.Write or EventKind.SrcuUnlock)
                {
                    int number = values.Number(e.Location, e.Value);
                    trace.Writes[number >> 6] |= 1UL << number;
                    own[e.Location] = e.Value;
                }
                else if (e.Kind is EventKind.Read or EventKind.SrcuLock)
                {
                    long known = own.TryGetValue(e.Location, out long last) ? last : test.Locations.InitialValue(e.Location);
                    if (known != e.Value)
                    {
                        int number = values.Number(e.Location, e.Value);
                        trace.Needs[number >> 6] |= 1UL << number;
                    }
                }
            }
        }
    }
}
