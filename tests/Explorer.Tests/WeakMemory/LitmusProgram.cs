using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

/// <summary>Small random programs, and every execution that the axioms of a memory model allow them.</summary>
internal sealed class LitmusProgram : IProgram
{
    private const int Words = 2;
    private readonly List<Op>[] cpus;

    /// <summary>A program.</summary>
    /// <param name="seed">Which.</param>
    /// <param name="kinds">What it may do.</param>
    public LitmusProgram(int seed, OpKind[] kinds)
    {
        var random = new Random(seed);
        int count = random.Next(2, 4);
        cpus = new List<Op>[count];
        for (int cpu = 0; cpu < count; cpu++)
        {
            cpus[cpu] = [];
            int length = random.Next(2, count == 2 ? 5 : 4);
            bool isLocked = false;
            for (int i = 0; i < length; i++)
            {
                OpKind kind = kinds[random.Next(kinds.Length)];
                if (kind == OpKind.Lock && isLocked)
                {
                    kind = OpKind.Unlock;
                }

                isLocked = kind == OpKind.Lock || (isLocked && kind != OpKind.Unlock);
                cpus[cpu].Add(new Op(kind, random.Next(Words)));
            }

            if (isLocked)
            {
                cpus[cpu].Add(new Op(OpKind.Unlock, 0));
            }
        }
    }

    /// <summary>Called with the graph of each complete execution.</summary>
    public Action<string>? OnEnd { get; set; }

    public override string ToString() => string.Join(" || ", cpus.Select(ops => string.Join("; ", ops.Select(o => o.Kind <= OpKind.Add ? $"{o.Kind} {(char)('x' + o.Word)}" : o.Kind.ToString()))));

    public void Start(ExploredMachine machine)
    {
        Block words = machine.Memory.Allocate("words", "x", "y");
        var mmuLock = new SpinLock(machine, LockClasses.MmuLock);
        if (OnEnd is not null)
        {
            machine.AtEnd(() => OnEnd(machine.DescribeExecution()));
        }

        for (int cpu = 0; cpu < cpus.Length; cpu++)
        {
            List<Op> ops = cpus[cpu];
            machine.Spawn($"cpu{cpu}", c => Run(c, ops, words, mmuLock));
        }
    }

    private static async Coroutine Run(Cpu cpu, List<Op> ops, Block words, SpinLock mmuLock)
    {
        ulong value = (ulong)(cpu.Id + 1) * 100;
        foreach (Op op in ops)
        {
            value++;
            Word word = words[op.Word];
            switch (op.Kind)
            {
                case OpKind.Read:
                    await cpu.ReadOnce(word);
                    break;
                case OpKind.Acquire:
                    await cpu.LoadAcquire(word);
                    break;
                case OpKind.Hardware:
                    await cpu.HardwareRead(word);
                    break;
                case OpKind.Write:
                    await cpu.WriteOnce(word, value);
                    break;
                case OpKind.Release:
                    await cpu.StoreRelease(word, value);
                    break;
                case OpKind.Exchange:
                    await cpu.Xchg(word, value);
                    break;
                case OpKind.Add:
                    await cpu.AtomicAdd(word, 1);
                    break;
                case OpKind.Rmb:
                    await cpu.Rmb();
                    break;
                case OpKind.Wmb:
                    await cpu.Wmb();
                    break;
                case OpKind.Mb:
                    await cpu.Mb();
                    break;
                case OpKind.Lock:
                    await cpu.Lock(mmuLock);
                    break;
                default:
                    await cpu.Unlock(mmuLock);
                    break;
            }
        }
    }

    /// <summary>Every graph of reads-from and coherence that the axioms allow, found by trying all of them.</summary>
    public SortedSet<string> Allowed(IConsistencyModel model, bool isLkmm)
    {
        var graph = new ExecutionGraph();
        graph.Reset(64);
        var accesses = new List<Access>();
        for (int cpu = 0; cpu < cpus.Length; cpu++)
        {
            AddCpu(graph, cpu, accesses, isLkmm);
        }

        model.Load(graph);
        var found = new SortedSet<string>(StringComparer.Ordinal);
        int[][] orders = new int[3][];
        Order(0);
        return found;

        void Order(int location)
        {
            if (location == 3)
            {
                Choose(0);
                return;
            }

            int[] writes = accesses.Where(a => a.Location == location && a.Write >= 0).Select(a => accesses.IndexOf(a)).ToArray();
            foreach (int[] order in Permutations(writes))
            {
                orders[location] = order;
                Order(location + 1);
            }
        }

        void Choose(int i)
        {
            if (i == accesses.Count)
            {
                Try();
                return;
            }

            if (accesses[i].Read < 0)
            {
                Choose(i + 1);
                return;
            }

            for (int source = -1; source < accesses.Count; source++)
            {
                bool isLockLocation = accesses[i].Location == 2;
                if (source == i || (source >= 0 && (accesses[source].Location != accesses[i].Location || accesses[source].Write < 0 || (isLockLocation && accesses[source].Read >= 0))))
                {
                    continue;
                }

                accesses[i].Source = source;
                graph.SetReadsFrom(accesses[i].Read, source < 0 ? ExecutionGraph.Initial : accesses[source].Write);
                Choose(i + 1);
            }
        }

        void Try()
        {
            // a lock's holder gives it back before anybody else takes it, and an update follows what it read
            for (int i = 0; i < accesses.Count; i++)
            {
                Access a = accesses[i];
                if (a.Read >= 0 && a.Write >= 0)
                {
                    int place = Array.IndexOf(orders[a.Location], i);
                    if ((place == 0 ? -1 : orders[a.Location][place - 1]) != a.Source)
                    {
                        return;
                    }
                }
            }

            graph.Co.Reset(graph.Capacity);
            foreach (int[] order in orders)
            {
                for (int i = 0; i < order.Length; i++)
                {
                    for (int j = i + 1; j < order.Length; j++)
                    {
                        graph.Co.Add(accesses[order[i]].Write, accesses[order[j]].Write);
                    }
                }
            }

            if (!model.IsConsistent() || !IsAcyclic())
            {
                return;
            }

            found.Add(Text());
        }

        // po | rf: what an engine that adds one event after the other can reach
        bool IsAcyclic()
        {
            var order = new bool[accesses.Count, accesses.Count];
            for (int i = 0; i < accesses.Count; i++)
            {
                for (int j = 0; j < accesses.Count; j++)
                {
                    order[i, j] = (accesses[i].Cpu == accesses[j].Cpu && i < j) || (accesses[j].Read >= 0 && accesses[j].Source == i);
                }
            }

            for (int k = 0; k < accesses.Count; k++)
            {
                for (int i = 0; i < accesses.Count; i++)
                {
                    for (int j = 0; j < accesses.Count; j++)
                    {
                        order[i, j] |= order[i, k] && order[k, j];
                    }
                }
            }

            return !Enumerable.Range(0, accesses.Count).Any(i => order[i, i]);
        }

        string Text()
        {
            string[] names = new string[accesses.Count];
            int[] next = new int[cpus.Length];
            for (int i = 0; i < accesses.Count; i++)
            {
                names[i] = $"{accesses[i].Cpu}.{next[accesses[i].Cpu]++}";
            }

            string text = "";
            for (int cpu = 0; cpu < cpus.Length; cpu++)
            {
                text += string.Join(' ', accesses.Where(a => a.Cpu == cpu).Select(a => a.Read < 0 ? "-" : a.Source < 0 ? "initial" : names[a.Source])) + "\n";
            }

            for (int location = 0; location < 3; location++)
            {
                if (orders[location].Length != 0)
                {
                    text += (location == 2 ? "mmu_lock[0]" : location == 1 ? "y" : "x") + ": " + string.Join(' ', orders[location].Select(i => names[i])) + "\n";
                }
            }

            return text;
        }
    }

    private void AddCpu(ExecutionGraph graph, int cpu, List<Access> accesses, bool isLkmm)
    {
        var reads = new List<int>();
        foreach (Op op in cpus[cpu])
        {
            int location = op.Kind is OpKind.Lock or OpKind.Unlock ? 2 : op.Word;
            int read = -1;
            int write = -1;
            switch (op.Kind)
            {
                case OpKind.Read:
                    read = graph.Add(cpu, EventKind.Read, location, 0, EventFlags.Once);
                    break;
                case OpKind.Acquire or OpKind.Hardware:
                    read = graph.Add(cpu, EventKind.Read, location, 0, EventFlags.Acquire);
                    break;
                case OpKind.Write:
                    write = graph.Add(cpu, EventKind.Write, location, 0, EventFlags.Once);
                    break;
                case OpKind.Release:
                    write = graph.Add(cpu, EventKind.Write, location, 0, EventFlags.Release);
                    break;
                case OpKind.Exchange:
                    graph.Add(cpu, EventKind.Mb);
                    read = graph.Add(cpu, EventKind.Read, location, 0, EventFlags.Once | EventFlags.Rmw);
                    write = graph.Add(cpu, EventKind.Write, location, 0, EventFlags.Once | EventFlags.Rmw);
                    graph.Add(cpu, EventKind.Mb);
                    break;
                case OpKind.Add:
                    read = graph.Add(cpu, EventKind.Read, location, 0, EventFlags.Once | EventFlags.Rmw | EventFlags.Noreturn);
                    write = graph.Add(cpu, EventKind.Write, location, 0, EventFlags.Once | EventFlags.Rmw | EventFlags.Noreturn);
                    break;
                case OpKind.Lock:
                    read = graph.Add(cpu, EventKind.LockRead, location);
                    write = graph.Add(cpu, EventKind.LockWrite, location);
                    break;
                case OpKind.Unlock:
                    write = graph.Add(cpu, EventKind.Unlock, location);
                    break;
                case OpKind.Rmb:
                    graph.Add(cpu, EventKind.Rmb);
                    continue;
                case OpKind.Wmb:
                    graph.Add(cpu, EventKind.Wmb);
                    continue;
                default:
                    graph.Add(cpu, EventKind.Mb);
                    continue;
            }

            if (write >= 0 && isLkmm && op.Kind != OpKind.Lock)
            {
                foreach (int earlier in reads)
                {
                    graph.Ctrl.Add(earlier, write); // the engine takes every write for one that depends on the reads before it
                }
            }

            if (read >= 0 && write >= 0)
            {
                if (op.Kind != OpKind.Lock)
                {
                    graph.Rmw.Add(read, write);
                    graph.Data.Add(read, write);
                }
            }

            if (read >= 0 && op.Kind is not (OpKind.Lock or OpKind.Add))
            {
                reads.Add(read);
            }

            accesses.Add(new Access(cpu, location, read, write));
        }
    }

    private static IEnumerable<int[]> Permutations(int[] items)
    {
        if (items.Length == 0)
        {
            yield return [];
            yield break;
        }

        foreach (int first in items)
        {
            foreach (int[] rest in Permutations(items.Where(i => i != first).ToArray()))
            {
                yield return [first, .. rest];
            }
        }
    }

    /// <summary>What an operation does.</summary>
    internal enum OpKind
    {
        Read,
        Acquire,
        Hardware,
        Write,
        Release,
        Exchange,
        Add,
        Rmb,
        Wmb,
        Mb,
        Lock,
        Unlock,
    }

    private readonly record struct Op(OpKind Kind, int Word);

    private sealed record Access(int Cpu, int Location, int Read, int Write)
    {
        public int Source { get; set; } = -1;
    }
}
