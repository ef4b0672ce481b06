namespace MmuStress.Machine.Tests;

/// <summary>Real threads on real memory; the counts must come out exactly.</summary>
public sealed class NativeStressTests
{
    private const int ThreadCount = 4;
    private const int Rounds = 30_000;

    private readonly NativeMachine machine = new(srcuShards: 4);

    [Fact]
    public void AddReturn_OnRealThreads_LosesNothing()
    {
        Word counter = machine.Memory.Allocate("counter", "n")[0];
        Threads.Run(machine, ThreadCount, (cpu, _) =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                cpu.AddReturn(counter, 1).Value();
            }
        });

        Assert.Equal((ulong)(ThreadCount * Rounds), counter.Peek);
    }

    [Fact]
    public void CmpXchg_OnRealThreads_LosesNothing()
    {
        Word counter = machine.Memory.Allocate("counter", "n")[0];
        Threads.Run(machine, ThreadCount, (cpu, _) =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                ulong seen = cpu.ReadOnce(counter).Value();
                while (cpu.CmpXchg(counter, seen, seen + 1).Value() is { } now && now != seen)
                {
                    seen = now;
                }
            }
        });

        Assert.Equal((ulong)(ThreadCount * Rounds), counter.Peek);
    }

    [Theory]
    [InlineData("spin")]
    [InlineData("rw")]
    [InlineData("mutex")]
    [InlineData("rwsem")]
    public void Lock_OnRealThreads_ExcludesOthers(string kind)
    {
        Lock target = kind switch
        {
            "spin" => new SpinLock(machine, LockClasses.Outer),
            "rw" => new RwLock(machine, LockClasses.Inner),
            "mutex" => new Mutex(machine, LockClasses.Sleeping),
            _ => new RwSemaphore(machine, LockClasses.Semaphore),
        };
        Word counter = machine.Memory.Allocate("counter", "n")[0];
        Threads.Run(machine, ThreadCount, (cpu, _) =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                cpu.Lock(target).Value();
                cpu.Write(counter, cpu.Read(counter) + 1);
                cpu.Unlock(target).Value();
            }
        });

        Assert.Equal((ulong)(ThreadCount * Rounds), counter.Peek);
        Assert.Equal(0UL, target.State.Peek);
        Assert.Null(machine.Violation);
    }

    [Fact]
    public void RwLock_WithReadersOnRealThreads_NeverShowsAHalfWrite()
    {
        var target = new RwLock(machine, LockClasses.Inner);
        Block block = machine.Memory.Allocate("pair", "a", "b");
        Threads.Run(machine, ThreadCount, (cpu, id) =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                if (id == 0)
                {
                    cpu.Lock(target).Value();
                    cpu.Write(block[0], cpu.Read(block[0]) + 1);
                    cpu.Write(block[1], cpu.Read(block[1]) + 1);
                    cpu.Unlock(target).Value();
                }
                else
                {
                    cpu.ReadLock(target).Value();
                    Assert.Equal(cpu.Read(block[0]), cpu.Read(block[1]));
                    cpu.ReadUnlock(target).Value();
                }
            }
        });

        Assert.Equal([(ulong)Rounds, (ulong)Rounds], block.Words);
        Assert.Equal(0UL, target.State.Peek);
    }

    [Fact]
    public void Down_OnRealThreads_TakesEachUnitOnce()
    {
        Word count = machine.Memory.Allocate("semaphore", "count")[0];
        count.Initialise(ThreadCount * Rounds);
        Threads.Run(machine, ThreadCount, (cpu, _) =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                cpu.Down(count).Value();
            }
        });

        Assert.Equal(0UL, count.Peek);
    }
}
