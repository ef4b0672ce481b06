namespace MmuStress.Explorer;

/// <summary>What the race detector knows of one location in one run: when each CPU last accessed it, and what a reader of it acquires.</summary>
/// <remarks>Objects live as long as their memory and are cleared on the first use in a run, so that a run allocates none.</remarks>
internal sealed class WordShadow
{
    private int[] times = [];

    /// <summary>The run it describes.</summary>
    public long Run { get; private set; }

    /// <summary>How many CPUs it has room for.</summary>
    public int Width { get; private set; }

    /// <summary>Whether there was a plain write in this run.</summary>
    public bool HasPlainWrites { get; private set; }

    /// <summary>Whether there was a plain read in this run.</summary>
    public bool HasPlainReads { get; private set; }

    /// <summary>Whether there was a marked access in this run.</summary>
    public bool HasMarked { get; set; }

    /// <summary>Whether <see cref="Release"/> holds anything.</summary>
    public bool HasRelease { get; set; }

    /// <summary>The vector clock that whoever acquires this location joins.</summary>
    public int[] Release { get; private set; } = [];

    /// <summary>The location in the graph of a weak memory model; it knows itself of which run.</summary>
    public Location? Location { get; set; }

    /// <summary>The writes that filled the whole block, where this describes a block.</summary>
    public BlockFills? Fills { get; set; }

    public Span<int> PlainWrites => times.AsSpan(0, Width);

    public Span<int> PlainReads => times.AsSpan(Width, Width);

    public Span<int> MarkedWrites => times.AsSpan(2 * Width, Width);

    public Span<int> MarkedReads => times.AsSpan(3 * Width, Width);

    public void Clear(long run, int width)
    {
        if (times.Length != 4 * width)
        {
            times = new int[4 * width];
            Release = new int[width];
        }
        else
        {
            Array.Clear(times);
        }

        Run = run;
        Width = width;
        HasPlainWrites = false;
        HasPlainReads = false;
        HasMarked = false;
        HasRelease = false;
    }

    public void NotePlainWrite(int cpu, int time)
    {
        times[cpu] = time;
        HasPlainWrites = true;
    }

    /// <summary>Notes a plain read; false where the CPU has read since it last published anything, so that nothing new can race with it.</summary>
    public bool NotePlainRead(int cpu, int time)
    {
        ref int last = ref times[Width + cpu];
        if (last == time)
        {
            return false;
        }

        last = time;
        HasPlainReads = true;
        return true;
    }

    public void NoteMarkedWrite(int cpu, int time)
    {
        times[(2 * Width) + cpu] = time;
        HasMarked = true;
    }

    public void NoteMarkedRead(int cpu, int time)
    {
        times[(3 * Width) + cpu] = time;
        HasMarked = true;
    }
}
