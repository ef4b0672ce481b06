using System.Runtime.InteropServices;

namespace MmuStress.Explorer;

/// <summary>What every model needs of an execution: program order, same CPU, same location, reads-from, from-reads.</summary>
internal sealed class BasicRelations
{
    private readonly Relation com = new();
    private readonly List<(int Read, int Write)> rmw = [];

    public ExecutionGraph Graph { get; private set; } = null!;

    /// <summary>Rows and columns of all relations: the graph's capacity.</summary>
    public int Size { get; private set; }

    public int Count { get; private set; }

    public Relation Po { get; } = new();

    public Relation PoInverse { get; } = new();

    /// <summary>Pairs of one CPU, an event with itself included.</summary>
    public Relation Internal { get; } = new();

    /// <summary>Pairs of one location, an event with itself included; events without a location are in none.</summary>
    public Relation Loc { get; } = new();

    public Relation PoLoc { get; } = new();

    public Relation Rf { get; } = new();

    public Relation Fr { get; } = new();

    public EventSet Reads { get; } = new();

    public EventSet Writes { get; } = new();

    /// <summary>M: reads and writes.</summary>
    public EventSet Accesses { get; } = new();

    /// <summary>Read-modify-writes, locks' included.</summary>
    public ReadOnlySpan<(int Read, int Write)> Rmw => CollectionsMarshal.AsSpan(rmw);

    public void Load(ExecutionGraph graph)
    {
        Graph = graph;
        Size = graph.Capacity;
        Count = graph.Count;
        foreach (Relation r in (ReadOnlySpan<Relation>)[Po, PoInverse, Internal, Loc, PoLoc])
        {
            r.Reset(Size);
        }

        Reads.Reset(Size);
        Writes.Reset(Size);
        Accesses.Reset(Size);
        for (int a = 0; a < Count; a++)
        {
            (graph.IsRead(a) ? Reads : graph.IsWrite(a) ? Writes : null)?.Add(a);
            if (graph.IsRead(a) || graph.IsWrite(a))
            {
                Accesses.Add(a);
            }

            int cpu = graph.Cpu(a);
            int location = graph.Location(a);
            for (int b = 0; b < Count; b++)
            {
                bool isSameLocation = location >= 0 && graph.Location(b) == location;
                if (isSameLocation)
                {
                    Loc.Add(a, b);
                }

                if (graph.Cpu(b) != cpu)
                {
                    continue;
                }

                Internal.Add(a, b);
                if (b > a)
                {
                    Po.Add(a, b);
                    PoInverse.Add(b, a);
                    if (isSameLocation && IsAccess(a) && IsAccess(b))
                    {
                        PoLoc.Add(a, b);
                    }
                }
            }
        }

        rmw.Clear();
        for (int e = 0; e < Count; e++)
        {
            ReadOnlySpan<ulong> row = graph.Rmw.Row(e);
            for (int w = EventSet.NextBit(row, 0); w >= 0; w = EventSet.NextBit(row, w + 1))
            {
                rmw.Add((e, w));
            }

            if (graph.Kind(e) == EventKind.LockRead && Partner(e) is var lockWrite and >= 0)
            {
                rmw.Add((e, lockWrite));
            }
        }
    }

    /// <summary>The write that belongs to a lock's read; -1 where there is none yet.</summary>
    public int Partner(int lockRead)
    {
        int next = EventSet.NextBit(Po.Row(lockRead), 0);
        return next >= 0 && Graph.Kind(next) == EventKind.LockWrite && Graph.Location(next) == Graph.Location(lockRead) ? next : -1;
    }

    /// <summary>Reads-from and from-reads, as they are now.</summary>
    public void LoadCommunication()
    {
        Rf.Reset(Size);
        Fr.Reset(Size);
        for (int r = 0; r < Count; r++)
        {
            if (!Reads[r])
            {
                continue;
            }

            int source = Graph.ReadsFrom(r);
            if (source >= 0)
            {
                Rf.Add(source, r);
                Fr.AddRow(r, Graph.Co.Row(source));
            }
            else if (source == ExecutionGraph.Initial)
            {
                Fr.AddRow(r, Loc.Row(r), Writes);
            }
        }
    }

    /// <summary>acyclic po-loc | com.</summary>
    /// <remarks>Mirrors: linux-kernel.cat, "coherence".</remarks>
    public bool IsCoherent()
    {
        com.CopyFrom(PoLoc);
        com.UnionWith(Rf);
        com.UnionWith(Graph.Co);
        com.UnionWith(Fr);
        return com.IsAcyclic();
    }

    /// <summary>empty rmw &amp; (fre ; coe): nothing comes between the read and the write of a read-modify-write.</summary>
    /// <remarks>Mirrors: linux-kernel.cat, "atomic".</remarks>
    public bool IsAtomic()
    {
        foreach ((int read, int write) in Rmw)
        {
            ReadOnlySpan<ulong> later = Fr.Row(read);
            for (int x = EventSet.NextBit(later, 0); x >= 0; x = EventSet.NextBit(later, x + 1))
            {
                if (!Internal[read, x] && !Internal[x, write] && Graph.Co[x, write])
                {
                    return false;
                }
            }
        }

        return true;
    }

    private bool IsAccess(int e) => Graph.IsRead(e) || Graph.IsWrite(e);
}
