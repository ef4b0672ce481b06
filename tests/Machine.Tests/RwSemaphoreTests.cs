using System.Threading;

namespace MmuStress.Machine.Tests;

public sealed class RwSemaphoreTests
{
    private readonly NativeMachine machine = new(srcuShards: 1);

    [Fact]
    public void DownWrite_OfAFreeSemaphore_TakesItAlone()
    {
        NativeCpu cpu = machine.AddCpu("cpu0");
        var semaphore = new RwSemaphore(machine, LockClasses.Semaphore);
        semaphore.DownWrite(cpu).Done();
        Assert.Equal(MmuStress.Machine.Lock.OwnerBits(cpu), semaphore.State.Peek);
        cpu.Unlock(semaphore).Value();

        Assert.Equal(0UL, semaphore.State.Peek);
        Assert.Equal(0, cpu.Held.Count);
        Assert.Null(machine.Violation);
    }

    [Fact]
    public void DownWrite_BehindAReader_KeepsLaterReadersOut()
    {
        NativeCpu reader = machine.AddCpu("reader");
        NativeCpu writer = machine.AddCpu("writer");
        var semaphore = new RwSemaphore(machine, LockClasses.Semaphore);
        reader.ReadLock(semaphore).Value();
        Thread thread = Threads.Begin(() => semaphore.DownWrite(writer).Done());
        while (semaphore.State.Peek < MmuStress.Machine.Lock.OneWaiter)
        {
            Thread.Yield();
        }

        Assert.False(MmuStress.Machine.Lock.AdmitsReader(semaphore.State.Peek));
        reader.ReadUnlock(semaphore).Value();
        Threads.End(thread);
        Assert.True(writer.Held.Contains(semaphore));
        Assert.Equal(MmuStress.Machine.Lock.OwnerBits(writer), semaphore.State.Peek);
        writer.Unlock(semaphore).Value();
        Assert.True(MmuStress.Machine.Lock.AdmitsReader(semaphore.State.Peek));
    }

    // The one who unlocks must leave the waiter's mark, which the waiter takes off itself.
    [Fact]
    public void DownWrite_BehindAWriter_LeavesTheSemaphoreAsItFoundIt()
    {
        NativeCpu first = machine.AddCpu("first");
        NativeCpu second = machine.AddCpu("second");
        var semaphore = new RwSemaphore(machine, LockClasses.Semaphore);
        semaphore.DownWrite(first).Done();
        Thread thread = Threads.Begin(() => semaphore.DownWrite(second).Done());
        while (semaphore.State.Peek < MmuStress.Machine.Lock.OneWaiter)
        {
            Thread.Yield();
        }

        first.Unlock(semaphore).Value();
        Threads.End(thread);
        Assert.Equal(MmuStress.Machine.Lock.OwnerBits(second), semaphore.State.Peek);
        second.Unlock(semaphore).Value();
        Assert.Equal(0UL, semaphore.State.Peek);
    }

    [Fact]
    public void DownWrite_UnderASpinLock_SleepsInAtomicContext()
    {
        NativeCpu cpu = machine.AddCpu("cpu0");
        cpu.Lock(new SpinLock(machine, LockClasses.Outer)).Value();
        new RwSemaphore(machine, LockClasses.Semaphore).DownWrite(cpu).Done();

        machine.AssertViolation(MachineInvariants.LockDiscipline, "cpu0 takes mmap_lock, which sleeps, in atomic context (outer_lock)");
    }

    // Two words that only writers change, always together: a reader must never see them differ.
    [Fact]
    public void ReadersAndWriters_OnRealThreads_NeverSeeAHalfWrite()
    {
        var semaphore = new RwSemaphore(machine, LockClasses.Semaphore);
        Block block = machine.Memory.Allocate("pair", "a", "b");
        Threads.Run(machine, 4, (cpu, id) =>
        {
            for (int i = 0; i < 5_000; i++)
            {
                if (id < 2)
                {
                    semaphore.DownWrite(cpu).Done();
                    cpu.Write(block[0], cpu.Read(block[0]) + 1);
                    cpu.Write(block[1], cpu.Read(block[1]) + 1);
                    cpu.Unlock(semaphore).Value();
                }
                else
                {
                    cpu.ReadLock(semaphore).Value();
                    Assert.Equal(cpu.Read(block[0]), cpu.Read(block[1]));
                    cpu.ReadUnlock(semaphore).Value();
                }
            }

            cpu.Held.AssertNone();
        });

        Assert.Equal([10_000UL, 10_000UL], block.Words);
        Assert.Equal(0UL, semaphore.State.Peek);
        Assert.Null(machine.Violation);
    }
}
