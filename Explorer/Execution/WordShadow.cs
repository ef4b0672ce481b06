namespace MmuStress.Explorer;

/// <summary>What the race detector knows of one location in one run: when each CPU last accessed it, and what a reader of it acquires.</summary>
/// <remarks>
/// Objects live as long as their memory and are begun afresh on the first use in a run, so that a run allocates none. Times of a kind of
/// access mean something only when there was one of that kind; they are cleared then, as most locations see one or two kinds.
/// </remarks>
internal sealed class WordShadow
{
    private int[] times = [];

    /// <summary>The run it describes.</summary>
    public long Run { get; private set; }

    /// <summary>How long its clocks are, a multiple of <see cref="VectorClock.Lanes"/>.</summary>
    public int Width { get; private set; }

    /// <summary>Whether there was a plain write in this run.</summary>
    public bool HasPlainWrites { get; private set; }

    /// <summary>Whether there was a plain read in this run.</summary>
    public bool HasPlainReads { get; private set; }

    /// <summary>Whether there was a marked write in this run.</summary>
    public bool HasMarkedWrites { get; private set; }

    /// <summary>Whether there was a marked read in this run.</summary>
    public bool HasMarkedReads { get; private set; }

    /// <summary>Whether <see cref="Release"/> holds anything.</summary>
    public bool HasRelease { get; set; }

    /// <summary>The vector clock that whoever acquires this location joins.</summary>
    public int[] Release { get; private set; } = [];

    /// <summary>Whether a reader has given the lock back in this run.</summary>
    public bool HasSharedRelease { get; private set; }

    /// <summary>What is ordered before whoever takes the lock alone, by its readers; as long as the width, or empty where there has been none.</summary>
    public int[] SharedRelease { get; private set; } = [];

    /// <summary>The location in the graph of a weak memory model; it knows itself of which run.</summary>
    public Location? Location { get; set; }

    /// <summary>The writes that filled the whole block, where this describes a block.</summary>
    public BlockFills? Fills { get; set; }

    public void Clear(long run, int width)
    {
        if (Width != width)
        {
            times = new int[4 * width];
            Release = new int[width];
            Width = width;
        }

        Run = run;
        HasPlainWrites = false;
        HasPlainReads = false;
        HasMarkedWrites = false;
        HasMarkedReads = false;
        HasRelease = false;
        HasSharedRelease = false;
    }

    /// <summary>What readers release into, cleared before the first in a run.</summary>
    public int[] BeginSharedRelease()
    {
        if (!HasSharedRelease)
        {
            HasSharedRelease = true;
            if (SharedRelease.Length != Width)
            {
                SharedRelease = new int[Width];
            }

            Array.Clear(SharedRelease);
        }

        return SharedRelease;
    }

    /// <summary>The first CPU with a plain write that <paramref name="clock"/> does not know; -1 for none.</summary>
    public int PlainWriteAfter(int[] clock) => HasPlainWrites ? VectorClock.FirstAfter(clock, times, 0) : -1;

    /// <summary>The first CPU with a plain read that <paramref name="clock"/> does not know; -1 for none.</summary>
    public int PlainReadAfter(int[] clock) => HasPlainReads ? VectorClock.FirstAfter(clock, times, Width) : -1;

    /// <summary>The first CPU with a marked write that <paramref name="clock"/> does not know; -1 for none.</summary>
    public int MarkedWriteAfter(int[] clock) => HasMarkedWrites ? VectorClock.FirstAfter(clock, times, 2 * Width) : -1;

    /// <summary>The first CPU with a marked read that <paramref name="clock"/> does not know; -1 for none.</summary>
    public int MarkedReadAfter(int[] clock) => HasMarkedReads ? VectorClock.FirstAfter(clock, times, 3 * Width) : -1;

    public void NotePlainWrite(int cpu, int time)
    {
        if (!HasPlainWrites)
        {
            VectorClock.Clear(times, 0, Width);
            HasPlainWrites = true;
        }

        times[cpu] = time;
    }

    /// <summary>Notes a plain read; false where the CPU has read since it last published anything, so that nothing new can race with it.</summary>
    public bool NotePlainRead(int cpu, int time)
    {
        if (!HasPlainReads)
        {
            VectorClock.Clear(times, Width, Width);
            HasPlainReads = true;
        }

        ref int last = ref times[Width + cpu];
        if (last == time)
        {
            return false;
        }

        last = time;
        return true;
    }

    public void NoteMarkedWrite(int cpu, int time)
    {
        if (!HasMarkedWrites)
        {
            VectorClock.Clear(times, 2 * Width, Width);
            HasMarkedWrites = true;
        }

        times[(2 * Width) + cpu] = time;
    }

    public void NoteMarkedRead(int cpu, int time)
    {
        if (!HasMarkedReads)
        {
            VectorClock.Clear(times, 3 * Width, Width);
            HasMarkedReads = true;
        }

        times[(3 * Width) + cpu] = time;
    }
}
