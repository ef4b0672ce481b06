using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>One word in a graph: its writes in coherence order, and how far each CPU has come in it.</summary>
/// <remarks>Lives as long as its memory and is cleared on the first use in a run.</remarks>
internal sealed class Location
{
    /// <summary>In place of an event: what was there before the graph begins.</summary>
    public const int Initial = -1;

    private int[] floors = [];
    private int[] ownWrites = [];

    /// <summary>The run of the graph that it describes.</summary>
    public long Run { get; private set; }

    /// <summary>The writes in coherence order, the initial content first.</summary>
    public int[] Writes { get; private set; } = new int[8];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>The place of the latest one.</summary>
    public int Newest => Count - 1;

    /// <summary>The content before the graph begins.</summary>
    public ulong InitialValue { get; private set; }

    /// <summary>What the race detector has for whoever reads the initial content; empty where nothing is released.</summary>
    public int[] InitialRelease { get; set; } = [];

    /// <summary>The memory it is in.</summary>
    public Block Block { get; set; } = null!;

    /// <summary>Its index there.</summary>
    public int Index { get; set; }

    /// <summary>Whether everybody sees its writes at once: nothing old is read, and a write goes last.</summary>
    public bool IsOrdered { get; set; }

    /// <summary>Everything that accessed it.</summary>
    public ulong[] Touched { get; set; } = [];

    /// <summary>Forgets a run.</summary>
    public void Begin(long run, int cpus, int words, ulong value)
    {
        Run = run;
        if (floors.Length != cpus)
        {
            floors = new int[cpus];
            ownWrites = new int[cpus];
        }

        if (Touched.Length != words)
        {
            Touched = new ulong[words];
        }

        Forget(value);
        InitialRelease = [];
    }

    /// <summary>Has <paramref name="value"/> as its initial content, and no writes.</summary>
    public void Forget(ulong value)
    {
        Array.Clear(floors);
        Array.Fill(ownWrites, Initial);
        Array.Clear(Touched);
        Writes[0] = Initial;
        Count = 1;
        InitialValue = value;
    }

    /// <summary>The oldest place that <paramref name="cpu"/> may still read from.</summary>
    public int FloorOf(int cpu) => floors[cpu];

    /// <summary>The last write of <paramref name="cpu"/>; <see cref="Initial"/> where there is none.</summary>
    public int LastWriteOf(int cpu) => ownWrites[cpu];

    /// <summary>Notes that <paramref name="cpu"/> has seen the write at <paramref name="place"/>.</summary>
    public void Saw(int cpu, int place)
    {
        if (place > floors[cpu])
        {
            floors[cpu] = place;
        }
    }

    /// <summary>Puts a write at <paramref name="place"/>; those from there on move up.</summary>
    public void Insert(int place, int write, int cpu)
    {
        if (Count == Writes.Length)
        {
            int[] larger = new int[Count * 2];
            Writes.CopyTo(larger, 0);
            Writes = larger;
        }

        if (place < Count)
        {
            Array.Copy(Writes, place, Writes, place + 1, Count - place);
            for (int other = 0; other < floors.Length; other++)
            {
                if (floors[other] >= place)
                {
                    floors[other]++;
                }
            }
        }

        Writes[place] = write;
        Count++;
        floors[cpu] = place;
        ownWrites[cpu] = write;
    }

    /// <summary>Where <paramref name="write"/> is.</summary>
    public int PlaceOf(int write)
    {
        for (int place = Count - 1; place > 0; place--)
        {
            if (Writes[place] == write)
            {
                return place;
            }
        }

        return 0;
    }
}
