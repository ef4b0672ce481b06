using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

/// <summary>Data races by happens-before: every way of ordering, and what is left when one half of it is missing.</summary>
public sealed class DataRaceTests
{
    /// <summary>How one CPU hands plain data to another, and whether that orders.</summary>
    public static TheoryData<string, string, bool> Handovers => new()
    {
        { "WriteOnce", "ReadOnce", false },
        { "WriteOnce", "LoadAcquire", false },
        { "StoreRelease", "ReadOnce", false },
        { "StoreRelease", "LoadAcquire", true },
        { "StoreRelease", "HardwareRead", true },
        { "StoreRelease", "WaitUntilEqual", true },
        { "Wmb+WriteOnce", "ReadOnce", false },
        { "WriteOnce", "ReadOnce+Rmb", false },
        { "Wmb+WriteOnce", "ReadOnce+Rmb", true },
        { "Mb+WriteOnce", "ReadOnce+Mb", true },
        { "Wmb+WriteOnce", "LoadAcquire", true },
        { "StoreRelease", "ReadOnce+Rmb", true },
        { "Rmb+WriteOnce", "ReadOnce+Wmb", false },
        { "Xchg", "LoadAcquire", true },
        { "Xchg", "ReadOnce+Rmb", true },
        { "Xchg", "AddReturn", true },
        { "AddReturn", "CmpXchg", true },
        { "FetchOr", "FetchAndNot", true },
        { "CmpXchg", "AddReturn", true },
        { "AddReturn", "Down", true },
        { "WriteOnce", "AddReturn", false },
        { "Lock", "Lock", true },
    };

    [Theory]
    [MemberData(nameof(Handovers))]
    public void Handover_OfPlainData_IsOrderedOrARace(string publish, string observe, bool isOrdered)
    {
        var program = new TestProgram(machine =>
        {
            Block kvm = machine.Memory.Allocate("kvm", "flag", "data");
            var mmuLock = new SpinLock(machine, LockClasses.MmuLock);
            machine.Spawn("writer", cpu => Publish(cpu, kvm, publish, mmuLock));
            machine.Spawn("reader", cpu => Observe(cpu, kvm, observe, mmuLock));
        });

        if (isOrdered)
        {
            Run.Holds(program);
            Assert.Equal(0, Run.InTurn(program).Preemptions);
        }
        else
        {
            Run.Violates(program, MachineInvariants.NoDataRace);
        }
    }

    // Clocks of any length: all CPUs take the lock, the last one writes without it.
    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(64)]
    public void PlainWrite_OfOneAmongManyCpus_RacesWithTheOneItIsNotOrderedWith(int cpus)
    {
        for (int writer = 0; writer < cpus; writer += cpus > 9 ? 21 : 1)
        {
            ExploredMachine machine = Run.InTurn(Counting(cpus, writer));

            int other = writer == 0 ? 1 : 0;
            int racer = writer == 0 ? 1 : writer; // the later of the two, as they run in turn
            Assert.Equal(MachineInvariants.NoDataRace, machine.Violation?.Invariant);
            Assert.StartsWith($"vcpu{racer} ", machine.Violation!.Message, StringComparison.Ordinal);
            Assert.EndsWith($"unordered with vcpu{(writer == 0 ? 0 : other)}'s access", machine.Violation.Message, StringComparison.Ordinal);
        }

        Assert.Null(Run.InTurn(Counting(cpus, withoutLock: -1)).Violation);

        static TestProgram Counting(int cpus, int withoutLock) => new(machine =>
        {
            Word count = machine.Memory.Allocate("kvm", "count")[0];
            var mmuLock = new SpinLock(machine, LockClasses.MmuLock);
            for (int id = 0; id < cpus; id++)
            {
                bool takesLock = id != withoutLock;
                machine.Spawn($"vcpu{id}", cpu => Count(cpu, count, takesLock ? mmuLock : null));
            }
        });
    }

    // Without synchronisation it is a race on every schedule, however much happens between the two accesses.
    [Theory]
    [InlineData("write", "write", "writes", true)]
    [InlineData("write", "read", "reads", true)]
    [InlineData("read", "write", "writes", true)]
    [InlineData("read", "read", "", false)]
    [InlineData("marked write", "read", "reads", true)]
    [InlineData("marked write", "write", "writes", true)]
    [InlineData("marked read", "write", "writes", true)]
    [InlineData("marked read", "read", "", false)]
    [InlineData("read", "marked write", "writes", true)]
    [InlineData("write", "marked read", "reads", true)]
    [InlineData("atomic", "read", "reads", true)]
    [InlineData("read", "atomic", "writes", true)]
    [InlineData("marked write", "marked write", "", false)]
    [InlineData("atomic", "marked read", "", false)]
    [InlineData("hardware", "write", "", false)]
    [InlineData("write", "hardware", "", false)]
    [InlineData("fill", "read", "reads", true)]
    [InlineData("fill", "marked read", "reads", true)]
    [InlineData("fill", "fill", "fills", true)]
    [InlineData("read", "fill", "fills", true)]
    [InlineData("marked read", "fill", "fills", true)]
    [InlineData("marked write", "fill", "fills", true)]
    [InlineData("hardware", "fill", "", false)]
    public void Accesses_FarApartAndUnordered_RaceWhenOneIsPlainAndOneWrites(string first, string second, string verb, bool isRace)
    {
        var program = new TestProgram(machine =>
        {
            Block kvm = machine.Memory.Allocate("kvm", "data");
            Block other = machine.Memory.Allocate("other", "other0", "other1");
            machine.Spawn("vcpu0", cpu => AccessAmongOthers(cpu, kvm, first, other[0]));
            machine.Spawn("vcpu1", cpu => AccessAmongOthers(cpu, kvm, second, other[1]));
        });

        ExploredMachine machine = Run.InTurn(program);
        Assert.Equal(isRace, machine.Violation is not null);
        if (isRace)
        {
            Assert.Equal(MachineInvariants.NoDataRace, machine.Violation!.Invariant);
            Assert.StartsWith($"vcpu1 {verb} data", machine.Violation.Message, StringComparison.Ordinal);
            Assert.EndsWith(", unordered with vcpu0's access", machine.Violation.Message, StringComparison.Ordinal);
            Assert.Equal("vcpu1", machine.Violator!.Name);
        }

        ExplorationResult all = Run.All(program, bound: 2, keepGoing: true);
        Assert.Equal(isRace ? 1 : 0, all.Findings.Count);
    }

    [Fact]
    public void Race_OfPlainAccesses_SaysWhereInTheSource()
    {
        Violation violation = Run.InTurn(new TestProgram(machine =>
        {
            Word word = machine.Memory.Allocate("kvm", "data")[0];
            machine.Spawn("vcpu0", cpu => WritePlain(cpu, word));
            machine.Spawn("vcpu1", cpu => WritePlain(cpu, word));
        })).Violation!;

        Assert.Matches(@"^vcpu1 writes data at tests/Explorer\.Tests/DataRaceTests\.cs:\d+, unordered with vcpu0's access$", violation.Message);
        Assert.Equal("data race", violation.Consequence);
    }

    // A third CPU passes it on. A fully ordered atomic also publishes what it acquired, to whoever sees a later plain store of it.
    [Theory]
    [InlineData("LoadAcquire", "StoreRelease", true)]
    [InlineData("Xchg", "WriteOnce", true)]
    [InlineData("ReadOnce+Mb", "WriteOnce", true)]
    [InlineData("LoadAcquire", "WriteOnce", false)]
    [InlineData("ReadOnce", "StoreRelease", false)]
    [InlineData("failed CmpXchg", "WriteOnce", false)]
    public void Handover_ThroughAThirdCpu_IsOrderedOrARace(string take, string passOn, bool isOrdered)
    {
        var program = new TestProgram(machine =>
        {
            Block kvm = machine.Memory.Allocate("kvm", "data", "first", "second");
            machine.Spawn("writer", cpu => WriteAndRelease(cpu, kvm));
            machine.Spawn("between", cpu => PassOn(cpu, kvm, take, passOn));
            machine.Spawn("reader", cpu => ReadAtTheEnd(cpu, kvm));
        });

        if (isOrdered)
        {
            Run.Holds(program, bound: 3);
        }
        else
        {
            Run.Violates(program, MachineInvariants.NoDataRace);
        }
    }

    // A cmpxchg that fails writes nothing and publishes nothing.
    [Fact]
    public void CmpXchg_ThatFails_PublishesNothing() => Run.Violates(
        new TestProgram(machine =>
        {
            Block kvm = machine.Memory.Allocate("kvm", "flag", "data");
            kvm[0].Initialise(5);
            machine.Spawn("writer", cpu => WriteAndFail(cpu, kvm));
            machine.Spawn("reader", cpu => AcquireAndRead(cpu, kvm));
        }),
        MachineInvariants.NoDataRace);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Srcu_BetweenReadersAndReuse_OrdersWhenTheUpdaterSynchronizes(bool synchronizes)
    {
        var program = new TestProgram(machine =>
        {
            Block kvm = machine.Memory.Allocate("kvm", "memslots", "data");
            kvm[0].Initialise(1);
            var srcu = new Srcu(machine);
            machine.Spawn("vcpu0", cpu => ReadInSection(cpu, srcu, kvm));
            machine.Spawn("memslots", cpu => TakeAwayAndWrite(cpu, srcu, kvm, synchronizes));
        });

        if (synchronizes)
        {
            Run.Holds(program);
        }
        else
        {
            Run.Violates(program, MachineInvariants.NoDataRace);
        }
    }

    [Fact]
    public void ReadLock_AgainstWriters_Orders() => Run.Holds(new TestProgram(machine =>
    {
        Word data = machine.Memory.Allocate("kvm", "data")[0];
        var mmuLock = new RwSemaphore(machine, LockClasses.MmapLock);
        machine.Spawn("reader", cpu => ReadShared(cpu, mmuLock, data, writes: false));
        machine.Spawn("writer", cpu => WriteAlone(cpu, mmuLock, data));
    }));

    [Fact]
    public void ReadLock_AmongReadersThatWrite_DoesNotOrder() => Run.Violates(
        new TestProgram(machine =>
        {
            Word data = machine.Memory.Allocate("kvm", "data")[0];
            var mmuLock = new RwSemaphore(machine, LockClasses.MmapLock);
            machine.Spawn("reader0", cpu => ReadShared(cpu, mmuLock, data, writes: true));
            machine.Spawn("reader1", cpu => ReadShared(cpu, mmuLock, data, writes: true));
        }),
        MachineInvariants.NoDataRace);

    [Fact]
    public void AfterOthers_ReadsEverything_WithoutARace() => Run.Holds(new TestProgram(machine =>
    {
        Block kvm = machine.Memory.Allocate("kvm", "a", "b");
        machine.Spawn("vcpu0", cpu => WritePlain(cpu, kvm[0]));
        machine.Spawn("vcpu1", cpu => WritePlain(cpu, kvm[1]));
        machine.SpawnAfterOthers("end", cpu => FillAll(cpu, kvm));
    }));

    // One machine, programs with different numbers of CPUs in turns: nothing of one shows in another.
    [Fact]
    public void Machine_WithProgramsOfSeveralWidths_KeepsThemApart()
    {
        var machine = new ExploredMachine();
        var walk = new RandomWalk(1);
        for (long index = 0; index < 300; index++)
        {
            int cpus = 2 + (int)(index * 7 % 5);
            bool isRacy = index % 3 == 0;
            walk.Begin(index);
            machine.Run(PassAround(cpus, isRacy), walk);
            Assert.Equal(isRacy ? MachineInvariants.NoDataRace : null, machine.Violation?.Invariant);
        }
    }

    private static TestProgram PassAround(int cpus, bool isRacy) => new(machine =>
    {
        Block kvm = machine.Memory.Allocate("kvm", "turn", "data");
        for (int id = 0; id < cpus; id++)
        {
            ulong turn = (ulong)id;
            machine.Spawn($"cpu{id}", cpu => TakeTurn(cpu, kvm, turn, isRacy));
        }
    });

    private static async Coroutine TakeTurn(Cpu cpu, Block kvm, ulong turn, bool isRacy)
    {
        if (!isRacy)
        {
            await cpu.WaitUntilEqual(kvm[0], turn);
        }

        cpu.Write(kvm[1], turn);
        if (isRacy)
        {
            await cpu.WriteOnce(kvm[0], turn + 1);
        }
        else
        {
            await cpu.StoreRelease(kvm[0], turn + 1);
        }
    }

    private static async Coroutine Publish(Cpu cpu, Block kvm, string how, SpinLock mmuLock)
    {
        if (how == "Lock")
        {
            await cpu.Lock(mmuLock);
            cpu.Write(kvm[1], 1);
            await cpu.WriteOnce(kvm[0], 1);
            await cpu.Unlock(mmuLock);
            return;
        }

        cpu.Write(kvm[1], 1);
        if (how.StartsWith("Wmb", StringComparison.Ordinal))
        {
            await cpu.Wmb();
        }
        else if (how.StartsWith("Rmb", StringComparison.Ordinal))
        {
            await cpu.Rmb();
        }
        else if (how.StartsWith("Mb", StringComparison.Ordinal))
        {
            await cpu.Mb();
        }

        _ = how[(how.IndexOf('+', StringComparison.Ordinal) + 1)..] switch
        {
            "WriteOnce" => await cpu.WriteOnce(kvm[0], 1),
            "StoreRelease" => await cpu.StoreRelease(kvm[0], 1),
            "Xchg" => await cpu.Xchg(kvm[0], 1),
            "AddReturn" => await cpu.AddReturn(kvm[0], 1),
            "FetchOr" => await cpu.FetchOr(kvm[0], 1),
            "CmpXchg" => await cpu.CmpXchg(kvm[0], 0, 1),
            _ => throw new ArgumentOutOfRangeException(nameof(how)),
        };
    }

    private static async Coroutine Observe(Cpu cpu, Block kvm, string how, SpinLock mmuLock)
    {
        bool isLocked = how == "Lock";
        if (isLocked)
        {
            await cpu.Lock(mmuLock);
        }

        ulong seen = how switch
        {
            "LoadAcquire" => await cpu.LoadAcquire(kvm[0]),
            "HardwareRead" => await cpu.HardwareRead(kvm[0]),
            "WaitUntilEqual" => await cpu.WaitUntilEqual(kvm[0], 1),
            "AddReturn" => await cpu.AddReturn(kvm[0], 4) - 4,
            "CmpXchg" => await cpu.CmpXchg(kvm[0], 1, 2),
            "FetchAndNot" => await cpu.FetchAndNot(kvm[0], 2),
            "Down" => await cpu.Down(kvm[0]),
            _ => await cpu.ReadOnce(kvm[0]),
        };
        if (how.EndsWith("+Rmb", StringComparison.Ordinal))
        {
            await cpu.Rmb();
        }
        else if (how.EndsWith("+Wmb", StringComparison.Ordinal))
        {
            await cpu.Wmb();
        }
        else if (how.EndsWith("+Mb", StringComparison.Ordinal))
        {
            await cpu.Mb();
        }

        if (seen == 1)
        {
            Assert.Equal(1UL, cpu.Read(kvm[1]));
        }

        if (isLocked)
        {
            await cpu.Unlock(mmuLock);
        }
    }

    private static async Coroutine AccessAmongOthers(Cpu cpu, Block kvm, string how, Word own)
    {
        await cpu.WriteOnce(own, 1);
        switch (how)
        {
            case "read":
                cpu.Read(kvm[0]);
                break;
            case "write":
                cpu.Write(kvm[0], 1);
                break;
            case "fill":
                cpu.Fill(kvm, 0);
                break;
            case "marked read":
                await cpu.ReadOnce(kvm[0]);
                break;
            case "marked write":
                await cpu.WriteOnce(kvm[0], 1);
                break;
            case "atomic":
                await cpu.AddReturn(kvm[0], 1);
                break;
            default:
                await cpu.HardwareRead(kvm[0]);
                break;
        }

        await cpu.ReadOnce(own);
    }

    private static async Coroutine WritePlain(Cpu cpu, Word word)
    {
        await cpu.CondResched();
        cpu.Write(word, 1);
    }

    private static async Coroutine FillAll(Cpu cpu, Block block)
    {
        Assert.Equal(2UL, cpu.Read(block[0]) + cpu.Read(block[1]));
        cpu.Fill(block, 0);
        await cpu.CondResched();
    }

    private static async Coroutine WriteAndRelease(Cpu cpu, Block kvm)
    {
        cpu.Write(kvm[0], 1);
        await cpu.StoreRelease(kvm[1], 1);
    }

    private static async Coroutine PassOn(Cpu cpu, Block kvm, string take, string passOn)
    {
        ulong seen = take switch
        {
            "LoadAcquire" => await cpu.LoadAcquire(kvm[1]),
            "Xchg" => await cpu.Xchg(kvm[1], 0),
            "failed CmpXchg" => await cpu.CmpXchg(kvm[1], 9, 9),
            _ => await cpu.ReadOnce(kvm[1]),
        };
        if (take == "ReadOnce+Mb")
        {
            await cpu.Mb();
        }

        if (seen != 1)
        {
            return;
        }

        if (passOn == "StoreRelease")
        {
            await cpu.StoreRelease(kvm[2], 1);
        }
        else
        {
            await cpu.WriteOnce(kvm[2], 1);
        }
    }

    private static async Coroutine ReadAtTheEnd(Cpu cpu, Block kvm)
    {
        ulong seen = await cpu.ReadOnce(kvm[2]);
        await cpu.Rmb();
        if (seen == 1)
        {
            cpu.Read(kvm[0]);
        }
    }

    private static async Coroutine WriteAndFail(Cpu cpu, Block kvm)
    {
        cpu.Write(kvm[1], 1);
        Assert.Equal(5UL, await cpu.CmpXchg(kvm[0], 0, 1));
    }

    private static async Coroutine AcquireAndRead(Cpu cpu, Block kvm)
    {
        await cpu.LoadAcquire(kvm[0]);
        cpu.Read(kvm[1]);
    }

    private static async Coroutine ReadInSection(Cpu cpu, Srcu srcu, Block kvm)
    {
        ulong index = await cpu.SrcuReadLock(srcu);
        if (await cpu.LoadAcquire(kvm[0]) == 1)
        {
            cpu.Read(kvm[1]);
        }

        await cpu.SrcuReadUnlock(srcu, index);
    }

    private static async Coroutine TakeAwayAndWrite(Cpu cpu, Srcu srcu, Block kvm, bool synchronizes)
    {
        await cpu.StoreRelease(kvm[0], 0);
        if (synchronizes)
        {
            await cpu.SynchronizeSrcu(srcu);
        }

        cpu.Write(kvm[1], 1);
    }

    private static async Coroutine ReadShared(Cpu cpu, RwSemaphore semaphore, Word data, bool writes)
    {
        await cpu.ReadLock(semaphore);
        if (writes)
        {
            cpu.Write(data, 1);
        }
        else
        {
            cpu.Read(data);
        }

        await cpu.ReadUnlock(semaphore);
    }

    private static async Coroutine WriteAlone(Cpu cpu, RwSemaphore semaphore, Word data)
    {
        await semaphore.DownWrite(cpu);
        cpu.Write(data, 1);
        await cpu.Unlock(semaphore);
    }

    private static async Coroutine Count(Cpu cpu, Word count, SpinLock? mmuLock)
    {
        if (mmuLock is not null)
        {
            await cpu.Lock(mmuLock);
        }

        cpu.Write(count, cpu.Read(count) + 1);
        if (mmuLock is not null)
        {
            await cpu.Unlock(mmuLock);
        }
    }
}
