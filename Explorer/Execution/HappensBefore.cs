using System.Runtime.CompilerServices;
using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>The race detector: vector clocks over the kernel's synchronisation, and the accesses they do not order.</summary>
/// <remarks>
/// Mirrors: FastTrack (Flanagan and Freund, 2009) with fences as in C11: a write after smp_wmb() or smp_mb() publishes the clock at the
/// barrier, a read followed by smp_rmb() or smp_mb() acquires it. Locks, SRCU, value-returning atomics, acquire and release order as
/// usual. Two accesses race when they are unordered, at least one writes and at least one is plain; hardware's reads never do.
/// Differs: the kernel's dependency orderings count only where code states them with <c>LoadAcquire</c> or <c>HardwareRead</c>.
/// </remarks>
internal sealed class HappensBefore
{
    private int width;
    private long run;
    private int[][] clocks = [];
    private int[][] atWriteBarrier = [];
    private bool[] hasWriteBarrier = [];
    private int[][] toAcquire = [];
    private bool[] hasToAcquire = [];

    /// <summary>The number of this run.</summary>
    public long Run => run;

    /// <summary>Forgets a run.</summary>
    public void Begin(int cpus)
    {
        run++;
        if (cpus != width)
        {
            width = cpus;
            clocks = NewClocks();
            atWriteBarrier = NewClocks();
            toAcquire = NewClocks();
            hasWriteBarrier = new bool[cpus];
            hasToAcquire = new bool[cpus];
        }

        for (int cpu = 0; cpu < width; cpu++)
        {
            Array.Clear(clocks[cpu]);
            clocks[cpu][cpu] = 1;
            hasWriteBarrier[cpu] = false;
            hasToAcquire[cpu] = false;
        }
    }

    /// <summary>A marked read; returns the CPU it races with, or -1.</summary>
    public int MarkedRead(int cpu, Block block, int index, bool isAcquire, bool isHardware)
    {
        WordShadow word = ShadowOf(block, index);
        if (word.HasRelease)
        {
            if (isAcquire)
            {
                Join(clocks[cpu], word.Release);
            }
            else
            {
                if (!hasToAcquire[cpu])
                {
                    Array.Clear(toAcquire[cpu]);
                    hasToAcquire[cpu] = true;
                }

                Join(toAcquire[cpu], word.Release);
            }
        }

        if (isHardware)
        {
            return -1;
        }

        word.NoteMarkedRead(cpu, clocks[cpu][cpu]);
        int other = word.HasPlainWrites ? Unordered(cpu, word.PlainWrites) : -1;
        return other >= 0 ? other : WholeWrite(cpu, block);
    }

    /// <summary>A marked write; returns the CPU it races with, or -1.</summary>
    public int MarkedWrite(int cpu, Block block, int index, bool isRelease)
    {
        WordShadow word = ShadowOf(block, index);
        int[] clock = clocks[cpu];
        word.NoteMarkedWrite(cpu, clock[cpu]);
        if (isRelease)
        {
            Array.Copy(clock, word.Release, width);
            word.HasRelease = true;
            clock[cpu]++;
        }
        else if (hasWriteBarrier[cpu])
        {
            Array.Copy(atWriteBarrier[cpu], word.Release, width);
            word.HasRelease = true;
        }
        else
        {
            word.HasRelease = false;
        }

        return RaceOfWrite(cpu, block, word);
    }

    /// <summary>A fully ordered read-modify-write; returns the CPU it races with, or -1.</summary>
    public int ReadModifyWrite(int cpu, Block block, int index)
    {
        WordShadow word = ShadowOf(block, index);
        int[] clock = clocks[cpu];
        word.NoteMarkedWrite(cpu, clock[cpu]);
        ReadBarrier(cpu);
        Acquire(cpu, word);
        ReleaseInto(cpu, word);
        WriteBarrier(cpu); // last: what was acquired here is published by later writes, too
        return RaceOfWrite(cpu, block, word);
    }

    /// <summary>A read-modify-write that orders nothing by itself: what the location publishes stays published. Returns the CPU it races with, or -1.</summary>
    public int RelaxedReadModifyWrite(int cpu, Block block, int index)
    {
        WordShadow word = ShadowOf(block, index);
        word.NoteMarkedWrite(cpu, clocks[cpu][cpu]);
        if (hasWriteBarrier[cpu])
        {
            if (!word.HasRelease)
            {
                Array.Clear(word.Release);
                word.HasRelease = true;
            }

            Join(word.Release, atWriteBarrier[cpu]);
        }

        return RaceOfWrite(cpu, block, word);
    }

    /// <summary>Takes a lock, ends a wait: joins what the location publishes. No data access.</summary>
    public void Acquire(int cpu, Block block, int index) => Acquire(cpu, ShadowOf(block, index));

    /// <summary>Gives a lock back: publishes on top of what the location publishes already. No data access.</summary>
    public void Release(int cpu, Block block, int index) => ReleaseInto(cpu, ShadowOf(block, index));

    /// <summary>smp_wmb or half of smp_mb.</summary>
    public void WriteBarrier(int cpu)
    {
        Array.Copy(clocks[cpu], atWriteBarrier[cpu], width);
        hasWriteBarrier[cpu] = true;
        clocks[cpu][cpu]++;
    }

    /// <summary>smp_rmb or half of smp_mb.</summary>
    public void ReadBarrier(int cpu)
    {
        if (hasToAcquire[cpu])
        {
            Join(clocks[cpu], toAcquire[cpu]);
            hasToAcquire[cpu] = false;
        }
    }

    /// <summary>The CPU starts after everything the others have done.</summary>
    public void JoinAll(int cpu)
    {
        for (int other = 0; other < width; other++)
        {
            Join(clocks[cpu], clocks[other]);
        }
    }

    /// <summary>A plain read; returns the CPU it races with, or -1.</summary>
    public int PlainRead(int cpu, Block block, int index)
    {
        WordShadow word = ShadowOf(block, index);
        if (!word.NotePlainRead(cpu, clocks[cpu][cpu]))
        {
            return -1;
        }

        int other = word.HasPlainWrites ? Unordered(cpu, word.PlainWrites) : -1;
        if (other < 0 && word.HasMarked)
        {
            other = Unordered(cpu, word.MarkedWrites);
        }

        return other >= 0 ? other : WholeWrite(cpu, block);
    }

    /// <summary>A plain write; returns the CPU it races with, or -1.</summary>
    public int PlainWrite(int cpu, Block block, int index)
    {
        WordShadow word = ShadowOf(block, index);
        word.HasRelease = false;
        word.NotePlainWrite(cpu, clocks[cpu][cpu]);
        int other = RaceOfPlainWrite(cpu, word);
        return other >= 0 ? other : WholeWrite(cpu, block);
    }

    /// <summary>A plain write to every word of a block; returns the CPU it races with, or -1.</summary>
    public int Fill(int cpu, Block block)
    {
        if (block.WholeShadow is not WordShadow whole)
        {
            block.WholeShadow = whole = new WordShadow();
        }

        if (whole.Run != run || whole.Width != width)
        {
            whole.Clear(run, width);
        }

        whole.NotePlainWrite(cpu, clocks[cpu][cpu]);
        int other = Unordered(cpu, whole.PlainWrites);
        if (other >= 0 || block.Shadow is null || block.ShadowRun != run)
        {
            return other;
        }

        foreach (object? known in block.Shadow)
        {
            if (known is not null)
            {
                WordShadow word = Unsafe.As<WordShadow>(known);
                other = word.Run == run ? RaceOfPlainWrite(cpu, word) : -1;
                if (other >= 0)
                {
                    return other;
                }
            }
        }

        return -1;
    }

    private static void Join(int[] into, int[] from)
    {
        for (int i = 0; i < into.Length; i++)
        {
            if (from[i] > into[i])
            {
                into[i] = from[i];
            }
        }
    }

    private int RaceOfPlainWrite(int cpu, WordShadow word)
    {
        int other = PlainRace(cpu, word);
        if (other < 0 && word.HasMarked)
        {
            other = Unordered(cpu, word.MarkedWrites);
            if (other < 0)
            {
                other = Unordered(cpu, word.MarkedReads);
            }
        }

        return other;
    }

    private int RaceOfWrite(int cpu, Block block, WordShadow word)
    {
        int other = PlainRace(cpu, word);
        return other >= 0 ? other : WholeWrite(cpu, block);
    }

    private int PlainRace(int cpu, WordShadow word)
    {
        int other = word.HasPlainWrites ? Unordered(cpu, word.PlainWrites) : -1;
        return other < 0 && word.HasPlainReads ? Unordered(cpu, word.PlainReads) : other;
    }

    private int WholeWrite(int cpu, Block block) =>
        block.WholeShadow is { } known && Unsafe.As<WordShadow>(known) is var whole && whole.Run == run ? Unordered(cpu, whole.PlainWrites) : -1;

    private int Unordered(int cpu, Span<int> times)
    {
        int[] clock = clocks[cpu];
        for (int other = 0; other < times.Length; other++)
        {
            if (times[other] > clock[other] && other != cpu)
            {
                return other;
            }
        }

        return -1;
    }

    private void Acquire(int cpu, WordShadow word)
    {
        if (word.HasRelease)
        {
            Join(clocks[cpu], word.Release);
        }
    }

    private void ReleaseInto(int cpu, WordShadow word)
    {
        int[] clock = clocks[cpu];
        if (word.HasRelease)
        {
            Join(word.Release, clock);
        }
        else
        {
            Array.Copy(clock, word.Release, width);
            word.HasRelease = true;
        }

        clock[cpu]++;
    }

    /// <summary>What is known of a word in this run.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WordShadow ShadowOf(Block block, int index)
    {
        object?[]? shadows = block.Shadow;
        if (shadows is not null && shadows[index] is { } known)
        {
            WordShadow shadow = Unsafe.As<WordShadow>(known);
            if (shadow.Run == run)
            {
                return shadow;
            }
        }

        return FreshShadow(block, index);
    }

    private WordShadow FreshShadow(Block block, int index)
    {
        object?[] shadows = block.Shadow ??= new object?[block.Words.Length];
        if (shadows[index] is not WordShadow shadow)
        {
            shadows[index] = shadow = new WordShadow();
        }

        shadow.Clear(run, width);
        block.ShadowRun = run;
        return shadow;
    }

    private int[][] NewClocks()
    {
        int[][] all = new int[width][];
        for (int i = 0; i < width; i++)
        {
            all[i] = new int[width];
        }

        return all;
    }
}
