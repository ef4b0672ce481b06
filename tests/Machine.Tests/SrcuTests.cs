using System.Threading;

namespace MmuStress.Machine.Tests;

public sealed class SrcuTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(64)]
    public void Synchronize_WithoutReaders_FlipsTheIndexAndReturns(int shards)
    {
        var machine = new NativeMachine(shards);
        NativeCpu cpu = machine.AddCpu("updater");
        var srcu = new Srcu(machine);
        cpu.SynchronizeSrcu(srcu).Done();
        Assert.Equal(1UL, srcu.Index.Peek);
        cpu.SynchronizeSrcu(srcu).Done();

        Assert.Equal(0UL, srcu.Index.Peek);
        Assert.Equal(0, cpu.Held.Count);
        Assert.Null(machine.Violation);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Synchronize_WithAnEarlierReader_WaitsForIt(int shards)
    {
        var machine = new NativeMachine(shards);
        NativeCpu updater = machine.AddCpu("updater");
        NativeCpu reader = machine.AddCpu("reader");
        var srcu = new Srcu(machine);
        ulong index = reader.SrcuReadLock(srcu).Value();

        AssertWaits(machine, updater, srcu, () => reader.SrcuReadUnlock(srcu, index).Value());
    }

    // A reader that read the index before an earlier flip and counted after it: what the wait for the idle index is for.
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Synchronize_WithAReaderCountedUnderTheIdleIndex_WaitsForIt(int shards)
    {
        var machine = new NativeMachine(shards);
        NativeCpu updater = machine.AddCpu("updater");
        NativeCpu reader = machine.AddCpu("reader");
        var srcu = new Srcu(machine);
        reader.AddReturn(srcu.Counter(reader, 1), 1).Value();

        AssertWaits(machine, updater, srcu, () => reader.AddReturn(srcu.Counter(reader, 1), -1).Value());
    }

    // A reader that enters when the index has been flipped counts under the new one, and nobody waits for it.
    [Fact]
    public void Synchronize_WithALaterReader_DoesNotWaitForIt()
    {
        var machine = new NativeMachine(srcuShards: 4);
        NativeCpu updater = machine.AddCpu("updater");
        NativeCpu earlier = machine.AddCpu("earlier");
        NativeCpu later = machine.AddCpu("later");
        var srcu = new Srcu(machine);
        ulong earlierIndex = earlier.SrcuReadLock(srcu).Value();
        Thread thread = Threads.Begin(() => updater.SynchronizeSrcu(srcu).Done());
        while (srcu.Index.Peek == earlierIndex)
        {
            Thread.Yield();
        }

        ulong laterIndex = later.SrcuReadLock(srcu).Value();
        earlier.SrcuReadUnlock(srcu, earlierIndex).Value();
        Threads.End(thread);

        Assert.NotEqual(earlierIndex, laterIndex);
        Assert.Equal(1UL, srcu.Counter(later, laterIndex).Peek);
        later.SrcuReadUnlock(srcu, laterIndex).Value();
        Assert.Null(machine.Violation);
    }

    // Readers follow a pointer to an object that the updater frees after a grace period: use after free is a violation by itself.
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Readers_OnRealThreads_NeverSeeWhatWasFreed(int shards)
    {
        var machine = new NativeMachine(shards);
        var srcu = new Srcu(machine);
        Word pointer = machine.Memory.Allocate("kvm", "memslots")[0];
        var kind = new BlockKind("memslots", "NoUseAfterFree");
        var slots = new Block[401];
        slots[0] = machine.Memory.Allocate("slots", 1, kind);
        bool isOver = false;
        Threads.Run(machine, 4, (cpu, id) =>
        {
            if (id == 0)
            {
                for (int i = 1; i < slots.Length; i++)
                {
                    slots[i] = machine.Memory.Allocate("slots", 1, kind);
                    slots[i][0].Initialise((ulong)i);
                    cpu.StoreRelease(pointer, (ulong)i).Value();
                    cpu.SynchronizeSrcu(srcu).Done();
                    machine.Memory.Free(cpu, slots[i - 1]);
                }

                Volatile.Write(ref isOver, true);
                return;
            }

            while (!Volatile.Read(ref isOver))
            {
                ulong index = cpu.SrcuReadLock(srcu).Value();
                ulong at = cpu.LoadAcquire(pointer).Value();
                Assert.Equal(at, cpu.ReadOnce(slots[at][0]).Value());
                cpu.SrcuReadUnlock(srcu, index).Value();
            }
        });

        Assert.Null(machine.Violation);
    }

    private static void AssertWaits(NativeMachine machine, NativeCpu updater, Srcu srcu, Action leave)
    {
        bool hasReturned = false;
        Thread thread = Threads.Begin(() =>
        {
            updater.SynchronizeSrcu(srcu).Done();
            Volatile.Write(ref hasReturned, true);
        });
        for (int i = 0; i < 2_000; i++)
        {
            Thread.Yield();
            Assert.False(Volatile.Read(ref hasReturned), "synchronize_srcu did not wait");
        }

        leave();
        Threads.End(thread);
        Assert.True(hasReturned);
        Assert.Null(machine.Violation);
    }
}
