using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

/// <summary>The classic shapes: what each model lets be seen, and what each barrier forbids.</summary>
public sealed class ShapeTests
{
    private static readonly MemoryModel[] Never = [];
    private static readonly MemoryModel[] Weak = [MemoryModel.Lkmm];
    private static readonly MemoryModel[] Buffered = [MemoryModel.Tso, MemoryModel.Lkmm];

    /// <summary>What stands between two accesses of a CPU.</summary>
    public enum Between
    {
        /// <summary>Nothing.</summary>
        None,

        /// <summary>smp_rmb().</summary>
        Rmb,

        /// <summary>smp_wmb().</summary>
        Wmb,

        /// <summary>smp_mb().</summary>
        Mb,

        /// <summary>The first is smp_load_acquire().</summary>
        Acquire,

        /// <summary>The first is a page-table walker's read.</summary>
        Hardware,

        /// <summary>The second is smp_store_release().</summary>
        Release,

        /// <summary>A value-returning atomic on another word.</summary>
        Atomic,

        /// <summary>A cmpxchg on another word that fails.</summary>
        FailedCmpXchg,

        /// <summary>A critical section of a lock that nobody else takes.</summary>
        Section,

        /// <summary>The first is in one critical section, the second in another.</summary>
        Sections,
    }

    /// <summary>Message passing: x = 1; y = 1 against reads of y, then x.</summary>
    [Theory]
    [InlineData(Between.None, Between.Mb, true)]
    [InlineData(Between.Mb, Between.None, true)]
    [InlineData(Between.Wmb, Between.Wmb, true)]
    [InlineData(Between.Rmb, Between.Rmb, true)]
    [InlineData(Between.Wmb, Between.Rmb, false)]
    [InlineData(Between.Wmb, Between.Acquire, false)]
    [InlineData(Between.Wmb, Between.Hardware, false)]
    [InlineData(Between.Release, Between.Acquire, false)]
    [InlineData(Between.Release, Between.Rmb, false)]
    [InlineData(Between.Atomic, Between.Atomic, false)]
    [InlineData(Between.FailedCmpXchg, Between.Mb, true)]
    [InlineData(Between.Wmb, Between.FailedCmpXchg, true)]
    [InlineData(Between.Section, Between.Mb, true)]
    [InlineData(Between.Sections, Between.Rmb, false)]
    public void MessagePassing(Between writer, Between reader, bool isSeen) => Shapes.Shows(
        new Shape(
            [],
            (cpu, s, read) => Two(cpu, s, read, writer, (s.X, 1), (s.Y, 1)),
            (cpu, s, read) => Two(cpu, s, read, reader, (s.Y, 0), (s.X, 0))),
        "1,0 | ",
        isSeen ? Weak : Never);

    /// <summary>Store buffering: a write, then a read of what the other writes.</summary>
    [Theory]
    [InlineData(Between.None, true)]
    [InlineData(Between.Wmb, true)]
    [InlineData(Between.Rmb, true)]
    [InlineData(Between.Mb, false)]
    [InlineData(Between.Atomic, false)]
    [InlineData(Between.FailedCmpXchg, true)]
    public void StoreBuffering(Between between, bool isSeen) => Shapes.Shows(
        new Shape(
            [],
            (cpu, s, read) => Two(cpu, s, read, between, (s.X, 1), (s.Y, 0)),
            (cpu, s, read) => Two(cpu, s, read, between, (s.Y, 1), (s.X, 0))),
        "0 0 | ",
        isSeen ? Buffered : Never);

    /// <summary>Load buffering: the kernel's model allows it without a dependency, the engine never shows it.</summary>
    [Fact]
    public void LoadBuffering() => Shapes.Shows(
        new Shape(
            [],
            (cpu, s, read) => Two(cpu, s, read, Between.None, (s.X, 0), (s.Y, 1)),
            (cpu, s, read) => Two(cpu, s, read, Between.None, (s.Y, 0), (s.X, 1))),
        "1 1 | ",
        Never);

    /// <summary>S: a write after a read stays after it, as if it depended on it.</summary>
    [Theory]
    [InlineData(Between.None, true)]
    [InlineData(Between.Wmb, false)]
    public void WriteAfterRead(Between writer, bool isSeen) => Shapes.Shows(
        new Shape(
            [0],
            (cpu, s, read) => Two(cpu, s, read, writer, (s.X, 2), (s.Y, 1)),
            (cpu, s, read) => Two(cpu, s, read, Between.None, (s.Y, 0), (s.X, 1))),
        "1 | 2",
        isSeen ? Weak : Never);

    /// <summary>2+2W: both words end with the first write of a CPU.</summary>
    [Theory]
    [InlineData(Between.None, true)]
    [InlineData(Between.Rmb, true)]
    [InlineData(Between.Wmb, true)]
    [InlineData(Between.Mb, false)]
    public void TwoPlusTwoWrites(Between between, bool isSeen) => Shapes.Shows(
        new Shape(
            [0, 1],
            (cpu, s, read) => Two(cpu, s, read, between, (s.X, 1), (s.Y, 2)),
            (cpu, s, read) => Two(cpu, s, read, between, (s.Y, 1), (s.X, 2))),
        " | 1,1",
        isSeen ? Weak : Never);

    /// <summary>R: x = 1; y = 1 against y = 2; read x.</summary>
    [Theory]
    [InlineData(Between.Mb, Between.None, true)]
    [InlineData(Between.Mb, Between.Mb, false)]
    public void ReadAfterWrite(Between first, Between second, bool isSeen) => Shapes.Shows(
        new Shape(
            [1],
            (cpu, s, read) => Two(cpu, s, read, first, (s.X, 1), (s.Y, 1)),
            (cpu, s, read) => Two(cpu, s, read, second, (s.Y, 2), (s.X, 0))),
        "0 | 2",
        isSeen ? Buffered : Never);

    /// <summary>Coherence: one CPU reads a word twice and never goes back.</summary>
    [Fact]
    public void ReadsOfOneWord() => Shapes.Shows(
        new Shape(
            [],
            (cpu, s, read) => One(cpu, s, read, (s.X, 1)),
            (cpu, s, read) => Two(cpu, s, read, Between.None, (s.X, 0), (s.X, 0))),
        "1,0 | ",
        Never);

    /// <summary>WRC: who reads from another and passes it on. A release is cumulative, smp_wmb() after a read is not, a dependency neither.</summary>
    [Theory]
    [InlineData(Between.None, true)]
    [InlineData(Between.Wmb, true)]
    [InlineData(Between.Rmb, true)]
    [InlineData(Between.Acquire, true)]
    [InlineData(Between.Release, false)]
    [InlineData(Between.Mb, false)]
    [InlineData(Between.Atomic, false)]
    public void WriteToReadCausality(Between passing, bool isSeen) => Shapes.Shows(
        new Shape(
            [],
            (cpu, s, read) => One(cpu, s, read, (s.X, 1)),
            (cpu, s, read) => Two(cpu, s, read, passing, (s.X, 0), (s.Y, 1)),
            (cpu, s, read) => Two(cpu, s, read, Between.Acquire, (s.Y, 0), (s.X, 0))),
        "1 1,0 | ",
        isSeen ? Weak : Never);

    /// <summary>ISA2: a release, an acquire and a dependency in the middle, an acquire.</summary>
    [Theory]
    [InlineData(Between.Wmb, Between.Release, false)]
    [InlineData(Between.Wmb, Between.None, true)]
    [InlineData(Between.None, Between.Release, true)]
    [InlineData(Between.Release, Between.Release, false)]
    public void ReleaseChain(Between first, Between second, bool isSeen) => Shapes.Shows(
        new Shape(
            [],
            (cpu, s, read) => Two(cpu, s, read, first, (s.X, 1), (s.Y, 1)),
            (cpu, s, read) => Two(cpu, s, read, second, (s.Y, 0), (s.Z, 1)),
            (cpu, s, read) => Two(cpu, s, read, Between.Acquire, (s.Z, 0), (s.X, 0))),
        "1 1,0 | ",
        isSeen ? Weak : Never);

    /// <summary>IRIW: two readers see two writes in different orders unless smp_mb() stands between their reads.</summary>
    [Theory]
    [InlineData(Between.Rmb, true)]
    [InlineData(Between.Acquire, true)]
    [InlineData(Between.Mb, false)]
    public void IndependentReads(Between between, bool isSeen) => Shapes.Shows(
        new Shape(
            [],
            (cpu, s, read) => One(cpu, s, read, (s.X, 1)),
            (cpu, s, read) => One(cpu, s, read, (s.Y, 1)),
            (cpu, s, read) => Two(cpu, s, read, between, (s.X, 0), (s.Y, 0)),
            (cpu, s, read) => Two(cpu, s, read, between, (s.Y, 0), (s.X, 0))),
        "1,0 1,0 | ",
        isSeen ? Weak : Never);

    /// <summary>A critical section sees all of the one before it, and a third CPU without the lock sees them in that order, too.</summary>
    [Fact]
    public void UnlockLock() => Shapes.Shows(
        new Shape(
            [],
            async (cpu, s, _) =>
            {
                await cpu.Lock(s.Lock);
                await cpu.WriteOnce(s.X, 1);
                await cpu.Unlock(s.Lock);
            },
            async (cpu, s, read) =>
            {
                await cpu.Lock(s.Lock);
                read.Add(await cpu.ReadOnce(s.X));
                await cpu.WriteOnce(s.Y, 1);
                await cpu.Unlock(s.Lock);
            },
            (cpu, s, read) => Two(cpu, s, read, Between.Rmb, (s.Y, 0), (s.X, 0))),
        "1 1,0 | ",
        Never);

    /// <summary>Two critical sections order writes as smp_wmb() does, and do not order a write before a read.</summary>
    [Fact]
    public void UnlockLock_IsNoFullBarrier() => Shapes.Shows(
        new Shape(
            [],
            (cpu, s, read) => Two(cpu, s, read, Between.Sections, (s.X, 1), (s.Y, 0)),
            (cpu, s, read) => Two(cpu, s, read, Between.Mb, (s.Y, 1), (s.X, 0))),
        "0 0 | ",
        Weak);

    /// <summary>A value-returning atomic takes the write before it in coherence order: two additions are never lost.</summary>
    [Fact]
    public void Atomics()
    {
        var shape = new Shape([0], (cpu, s, read) => Add(cpu, s, read), (cpu, s, read) => Add(cpu, s, read));
        foreach (MemoryModel memory in Enum.GetValues<MemoryModel>())
        {
            Assert.Equal(["1 2 | 2", "2 1 | 2"], Shapes.Outcomes(shape, memory));
        }
    }

    /// <summary>A wait ends on any value that satisfies it, and acquires.</summary>
    [Fact]
    public void Wait_Acquires() => Shapes.Shows(
        new Shape(
            [],
            (cpu, s, read) => Two(cpu, s, read, Between.Release, (s.X, 1), (s.Y, 1)),
            async (cpu, s, read) =>
            {
                read.Add(await cpu.WaitUntilEqual(s.Y, 1));
                read.Add(await cpu.ReadOnce(s.X));
            }),
        "1,0 | ",
        Never);

    /// <summary>A value that was there only for a moment ends a wait although it is gone.</summary>
    [Fact]
    public void Wait_MayEndOnAnOldValue()
    {
        var shape = new Shape(
            [0],
            (cpu, s, read) => Two(cpu, s, read, Between.None, (s.X, 1), (s.X, 2)),
            async (cpu, s, read) =>
            {
                await cpu.WaitUntilEqual(s.Y, 1);
                read.Add(await cpu.WaitUntilEqual(s.X, 1));
            },
            async (cpu, s, read) =>
            {
                read.Add(await cpu.ReadOnce(s.X));
                await cpu.WriteOnce(s.Y, 1);
            });
        var machine = new ExploredMachine(memory: MemoryModel.Lkmm);
        var seen = new List<ulong>();
        machine.Run(new TestProgram(m => Start(m, shape, seen)), new Guided());
        Assert.Null(machine.Violation); // all of the first CPU runs before the wait
        Assert.Equal([1], seen);
    }

    private static void Start(ExploredMachine machine, Shape shape, List<ulong> seen)
    {
        var state = new ShapeState(machine);
        machine.Spawn("writer", cpu => shape.Cpus[0](cpu, state, []));
        machine.Spawn("waiter", cpu => shape.Cpus[1](cpu, state, seen));
        machine.Spawn("starter", cpu => shape.Cpus[2](cpu, state, []));
    }

    private static async Coroutine Add(Cpu cpu, ShapeState s, List<ulong> read) => read.Add(await cpu.AddReturn(s.X, 1));

    // A value of 0 stands for a read.
    private static async Coroutine One(Cpu cpu, ShapeState s, List<ulong> read, (Word Word, ulong Value) access)
    {
        _ = s;
        if (access.Value != 0)
        {
            await cpu.WriteOnce(access.Word, access.Value);
        }
        else
        {
            read.Add(await cpu.ReadOnce(access.Word));
        }
    }

    private static async Coroutine Two(Cpu cpu, ShapeState s, List<ulong> read, Between between, (Word Word, ulong Value) first, (Word Word, ulong Value) second)
    {
        if (between == Between.Acquire)
        {
            read.Add(await cpu.LoadAcquire(first.Word));
        }
        else if (between == Between.Hardware)
        {
            read.Add(await cpu.HardwareRead(first.Word));
        }
        else
        {
            if (between == Between.Sections)
            {
                await cpu.Lock(s.Lock);
            }

            await One(cpu, s, read, first);
        }

        switch (between)
        {
            case Between.Rmb:
                await cpu.Rmb();
                break;
            case Between.Wmb:
                await cpu.Wmb();
                break;
            case Between.Mb:
                await cpu.Mb();
                break;
            case Between.Atomic:
                await cpu.AddReturn(s.Words[3], 1);
                break;
            case Between.FailedCmpXchg:
                await cpu.CmpXchg(s.Words[3], 5, 6);
                break;
            case Between.Section:
                await cpu.Lock(s.Lock);
                await cpu.Unlock(s.Lock);
                break;
            case Between.Sections:
                await cpu.Unlock(s.Lock);
                await cpu.Lock(s.Lock);
                break;
            default:
                break;
        }

        if (between == Between.Release)
        {
            await cpu.StoreRelease(second.Word, second.Value);
        }
        else
        {
            await One(cpu, s, read, second);
        }

        if (between == Between.Sections)
        {
            await cpu.Unlock(s.Lock);
        }
    }
}
