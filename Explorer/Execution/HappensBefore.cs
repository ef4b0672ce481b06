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
    private int cpuCount;
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
        if (cpus != cpuCount)
        {
            cpuCount = cpus;
            width = VectorClock.WidthOf(cpus);
            clocks = NewClocks();
            atWriteBarrier = NewClocks();
            toAcquire = NewClocks();
            hasWriteBarrier = new bool[cpus];
            hasToAcquire = new bool[cpus];
        }

        for (int cpu = 0; cpu < cpuCount; cpu++)
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
                VectorClock.Join(clocks[cpu], word.Release);
            }
            else
            {
                if (!hasToAcquire[cpu])
                {
                    Array.Clear(toAcquire[cpu]);
                    hasToAcquire[cpu] = true;
                }

                VectorClock.Join(toAcquire[cpu], word.Release);
            }
        }

        if (isHardware)
        {
            return -1;
        }

        int[] clock = clocks[cpu];
        word.NoteMarkedRead(cpu, clock[cpu]);
        int other = word.PlainWriteAfter(clock);
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
            VectorClock.Copy(clock, word.Release);
            word.HasRelease = true;
            clock[cpu]++;
        }
        else if (hasWriteBarrier[cpu])
        {
            VectorClock.Copy(atWriteBarrier[cpu], word.Release);
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

            VectorClock.Join(word.Release, atWriteBarrier[cpu]);
        }

        return RaceOfWrite(cpu, block, word);
    }

    /// <summary>Takes a lock, ends a wait: joins what the location publishes. No data access.</summary>
    public void Acquire(int cpu, Block block, int index) => Acquire(cpu, ShadowOf(block, index));

    /// <summary>Takes a lock as a reader: after those that held it alone. Readers are in no order, whichever of them gave it back first.</summary>
    public void AcquireShared(int cpu, Block block, int index)
    {
        WordShadow word = ShadowOf(block, index);
        if (word.HasRelease)
        {
            VectorClock.Join(clocks[cpu], word.Release);
        }
    }

    /// <summary>Gives a lock back as a reader: before those that take it alone.</summary>
    public void ReleaseShared(int cpu, Block block, int index)
    {
        WordShadow word = ShadowOf(block, index);
        int[] clock = clocks[cpu];
        VectorClock.Join(word.BeginSharedRelease(), clock);
        clock[cpu]++;
    }

    /// <summary>Gives a lock back: publishes on top of what the location publishes already. No data access.</summary>
    public void Release(int cpu, Block block, int index) => ReleaseInto(cpu, ShadowOf(block, index));

    /// <summary>smp_wmb or half of smp_mb.</summary>
    public void WriteBarrier(int cpu)
    {
        VectorClock.Copy(clocks[cpu], atWriteBarrier[cpu]);
        hasWriteBarrier[cpu] = true;
        clocks[cpu][cpu]++;
    }

    /// <summary>smp_rmb or half of smp_mb.</summary>
    public void ReadBarrier(int cpu)
    {
        if (hasToAcquire[cpu])
        {
            VectorClock.Join(clocks[cpu], toAcquire[cpu]);
            hasToAcquire[cpu] = false;
        }
    }

    /// <summary>The CPU starts after everything the others have done.</summary>
    public void JoinAll(int cpu)
    {
        for (int other = 0; other < cpuCount; other++)
        {
            VectorClock.Join(clocks[cpu], clocks[other]);
        }
    }

    /// <summary>A plain read; returns the CPU it races with, or -1.</summary>
    public int PlainRead(int cpu, Block block, int index)
    {
        WordShadow word = ShadowOf(block, index);
        int[] clock = clocks[cpu];
        if (!word.NotePlainRead(cpu, clock[cpu]))
        {
            return -1;
        }

        int other = word.PlainWriteAfter(clock);
        if (other < 0)
        {
            other = word.MarkedWriteAfter(clock);
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
        int other = whole.PlainWriteAfter(clocks[cpu]);
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

    private int RaceOfPlainWrite(int cpu, WordShadow word)
    {
        int[] clock = clocks[cpu];
        int other = PlainRace(clock, word);
        if (other < 0)
        {
            other = word.MarkedWriteAfter(clock);
        }

        return other < 0 ? word.MarkedReadAfter(clock) : other;
    }

    private int RaceOfWrite(int cpu, Block block, WordShadow word)
    {
        int other = PlainRace(clocks[cpu], word);
        return other >= 0 ? other : WholeWrite(cpu, block);
    }

    private static int PlainRace(int[] clock, WordShadow word)
    {
        int other = word.PlainWriteAfter(clock);
        return other < 0 ? word.PlainReadAfter(clock) : other;
    }

    private int WholeWrite(int cpu, Block block) =>
        block.WholeShadow is { } known && Unsafe.As<WordShadow>(known) is var whole && whole.Run == run ? whole.PlainWriteAfter(clocks[cpu]) : -1;

    private void Acquire(int cpu, WordShadow word)
    {
        if (word.HasRelease)
        {
            VectorClock.Join(clocks[cpu], word.Release);
        }

        if (word.HasSharedRelease)
        {
            VectorClock.Join(clocks[cpu], word.SharedRelease);
        }
    }

    private void ReleaseInto(int cpu, WordShadow word)
    {
        int[] clock = clocks[cpu];
        if (word.HasRelease)
        {
            VectorClock.Join(word.Release, clock);
        }
        else
        {
            VectorClock.Copy(clock, word.Release);
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
        object?[] shadows = block.Shadow ??= new object?[block.Length];
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
        int[][] all = new int[cpuCount][];
        for (int i = 0; i < cpuCount; i++)
        {
            all[i] = new int[width];
        }

        return all;
    }
}
