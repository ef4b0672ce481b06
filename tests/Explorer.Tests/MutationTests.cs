using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

/// <summary>Each kind of operation left out of a program that needs it, and of one that does not.</summary>
public sealed class MutationTests
{
    private const string ThisFile = "tests/Explorer.Tests/MutationTests.cs";
    private static readonly BlockKind Freeable = new("structure", "NoUseOfFreed");

    // The lock around the read and the write of a count, and around a word that nobody else writes.
    [Theory]
    [InlineData(true, "NoLostUpdate")]
    [InlineData(false, null)]
    public void Lock_LeftOut_IsNeededForASharedCount(bool isShared, string? invariant) =>
        AssertShows(invariant, MutationKind.Lock, "spin_lock(mmu_lock)", new TestProgram(machine => Counting(machine, isShared)));

    // Who holds the lock while it waits for who needs the lock to go on waits for ever.
    [Theory]
    [InlineData(true, "NoDeadlock")]
    [InlineData(false, null)]
    public void Relock_LeftOut_IsNeededWhereAnotherMustGetIn(bool waits, string? invariant) =>
        AssertShows(invariant, MutationKind.Relock, "unlock(slots_lock), taken again at ", new TestProgram(machine => Retaking(machine, waits)));

    [Theory]
    [InlineData(true, "NoUseOfFreed")]
    [InlineData(false, null)]
    public void Section_LeftOut_IsNeededWhereMemoryIsFreed(bool frees, string? invariant) =>
        AssertShows(invariant, MutationKind.Section, "srcu_read_lock()", new TestProgram(machine => Publishing(machine, frees)));

    [Theory]
    [InlineData(true, "NoUseOfFreed")]
    [InlineData(false, null)]
    public void GracePeriod_LeftOut_IsNeededWhereMemoryIsFreed(bool frees, string? invariant) =>
        AssertShows(invariant, MutationKind.Call, "synchronize_srcu()", new TestProgram(machine => Publishing(machine, frees)));

    [Theory]
    [InlineData("smp_store_release(flag)", "NoDeadlock")]
    [InlineData("WRITE_ONCE(other)", null)]
    [InlineData("set_bit(bits)", "NoDeadlock")]
    [InlineData("atomic_add(count)", "NoCountLost")]
    [InlineData("atomic_add_return(total)", "NoTotalLost")]
    [InlineData("xchg(mode)", null)]
    public void Update_LeftOut_IsNeededWhereSomebodyLooks(string operation, string? invariant) =>
        AssertShows(invariant, MutationKind.Update, operation, new TestProgram(Passing));

    // 3 in the beginning; what is left out returns what is there, or 0 where it returns nothing.
    [Theory]
    [InlineData("WRITE_ONCE(word)", 5, 0)]
    [InlineData("smp_store_release(word)", 5, 0)]
    [InlineData("xchg(word)", 5, 3)]
    [InlineData("cmpxchg(word)", 5, 3)]
    [InlineData("atomic_add_return(word)", 4, 3)]
    [InlineData("atomic_fetch_or(word)", 7, 3)]
    [InlineData("atomic_fetch_andnot(word)", 2, 3)]
    [InlineData("atomic_add(word)", 4, 0)]
    [InlineData("set_bit(word)", 7, 0)]
    public void Update_LeftOut_ChangesNothing(string operation, ulong after, ulong result)
    {
        (ulong Word, ulong Result) last = default;
        var program = new TestProgram(machine =>
        {
            Word word = machine.Memory.Allocate("kvm", "word")[0];
            word.Initialise(3);
            machine.Spawn("vcpu0", Update);

            async Coroutine Update(Cpu cpu)
            {
                last.Result = operation[..operation.IndexOf('(', StringComparison.Ordinal)] switch
                {
                    "WRITE_ONCE" => await cpu.WriteOnce(word, 5),
                    "smp_store_release" => await cpu.StoreRelease(word, 5),
                    "xchg" => await cpu.Xchg(word, 5),
                    "cmpxchg" => await cpu.CmpXchg(word, 3, 5),
                    "atomic_add_return" => await cpu.AddReturn(word, 1),
                    "atomic_fetch_or" => await cpu.FetchOr(word, 4),
                    "atomic_fetch_andnot" => await cpu.FetchAndNot(word, 1),
                    "atomic_add" => await cpu.AtomicAdd(word, 1),
                    _ => await cpu.AtomicOr(word, 4),
                };
                last.Word = word.Peek;
            }
        });
        Mutation update = Site(program, MutationKind.Update, operation);
        Assert.Equal(after, last.Word);
        Assert.Null(Run.InTurn(new MutatedProgram(program, update)).Violation);
        Assert.Equal((3UL, result), last);
    }

    [Theory]
    [InlineData(MemoryModel.Sc, false)]
    [InlineData(MemoryModel.Tso, true)]
    [InlineData(MemoryModel.Lkmm, true)]
    public void FullBarrier_LeftOut_ShowsUnderWeakModels(MemoryModel memory, bool shows)
    {
        var program = new TestProgram(machine => Buffering(machine, hasSection: true));
        Mutation barrier = Site(program, MutationKind.FullBarrier, "smp_mb()");
        Assert.Equal(shows, barrier.IsDetectableUnder(memory));
        ExplorationResult result = Run.Explore(new MutatedProgram(program, barrier), new ExplorationOptions { Memory = memory, Iterations = 5_000 });
        Assert.Equal(shows ? ["NoStoreBuffering"] : [], result.Findings.Select(f => f.Violation.Invariant));
    }

    [Theory]
    [InlineData("read_lock(mmu_lock)")]
    [InlineData("write_lock(mmu_lock)")]
    public void SharedLock_LeftOut_IsNeededForTwoWords(string operation) =>
        AssertShows("NoTornRead", MutationKind.Lock, operation, new TestProgram(Sharing));

    [Theory]
    [InlineData("wait(flag)", "NoOldMessage")]
    [InlineData("wait(bits)", null)]
    [InlineData("wait(message)", "NoOldMessage")]
    public void Wait_LeftOut_IsNeededForAMessage(string operation, string? invariant) =>
        AssertShows(invariant, MutationKind.Wait, operation, new TestProgram(Passing));

    // The check reads plainly, under the lock; so does the notifier that counts, which is no check.
    [Fact]
    public void Check_LeftOut_IsNeededForARetry()
    {
        var program = new TestProgram(Faulting);
        Mutation check = Site(program, MutationKind.Check, "check(seq)");
        Assert.Equal("NoStaleMapping", Shown(program, check));
        Assert.Single(SitesOf(program), m => m.Operation == "check(seq)");
        Assert.Null(Shown(program, Site(program, MutationKind.Check, "READ_ONCE(hint)")));
    }

    // A check that is left out finds what its CPU knows: what it last read or wrote, or what was there in the beginning.
    [Fact]
    public void Check_LeftOut_FindsWhatItsCpuKnows()
    {
        ulong first = 0;
        ulong second = 0;
        var program = new TestProgram(machine =>
        {
            Block block = machine.Memory.Allocate("kvm", "a", "b");
            block[0].Initialise(3);
            machine.Spawn("writer", cpu => Programs.Write(cpu, block[0], 9));
            machine.Spawn("reader", Read);

            async Coroutine Read(Cpu cpu)
            {
                await cpu.WriteOnce(block[1], 5);
                first = await cpu.ReadOnce(block[0]); second = await cpu.ReadOnce(block[1]);
            }
        });
        Run.InTurn(program);
        Assert.Equal((9UL, 5UL), (first, second));
        Mutation check = SitesOf(program).First(m => m.Kind == MutationKind.Check);
        Run.InTurn(new MutatedProgram(program, check));
        Assert.Equal((3UL, 5UL), (first, second));
    }

    // 3 in the beginning, then 9, then its own operation, then 20, which a check that is left out does not find; nor what others had
    // written before an atomic that returns nothing.
    [Theory]
    [InlineData("nothing", 3)]
    [InlineData("Read", 9)]
    [InlineData("ReadOnce", 9)]
    [InlineData("LoadAcquire", 9)]
    [InlineData("WaitUntilEqual", 9)]
    [InlineData("WaitUntilNotEqual", 9)]
    [InlineData("Write", 5)]
    [InlineData("Fill", 5)]
    [InlineData("WriteOnce", 5)]
    [InlineData("StoreRelease", 5)]
    [InlineData("Xchg", 5)]
    [InlineData("CmpXchg", 5)]
    [InlineData("failed CmpXchg", 9)]
    [InlineData("AddReturn", 10)]
    [InlineData("FetchOr", 15)]
    [InlineData("FetchAndNot", 8)]
    [InlineData("AtomicAdd", 4)]
    [InlineData("AtomicOr", 7)]
    public void Check_LeftOut_FindsWhatTheLastOperationLeft(string operation, ulong expected)
    {
        var found = new HashSet<ulong>();
        var program = new TestProgram(machine => Knowing(machine, operation, found));
        Mutation check = SitesOf(program).Last(m => m.Kind == MutationKind.Check && m.Operation.StartsWith("READ_ONCE(word)", StringComparison.Ordinal));
        Assert.Equal([20UL], found);
        foreach (MemoryModel memory in new[] { MemoryModel.Sc, MemoryModel.Lkmm })
        {
            found.Clear();
            Assert.Empty(Run.Explore(new MutatedProgram(program, check), new ExplorationOptions { Iterations = 50, Memory = memory }).Findings);
            Assert.Equal([expected], found);
        }
    }

    // Only that atomic: the end of the section orders as ever.
    [Theory]
    [InlineData(false, "NoStoreBuffering")]
    [InlineData(true, null)]
    public void AtomicOrdering_LeftOut_LeavesLaterOnesOrdered(bool hasSection, string? invariant)
    {
        var program = new TestProgram(machine => Buffering(machine, hasSection));
        Assert.Null(ShownBySampling(program));
        Assert.Equal(invariant, ShownBySampling(new MutatedProgram(program, Site(program, MutationKind.AtomicOrdering, "xchg(own)"))));
    }

    // What only orders changes nothing where everything is ordered, and shows under the kernel's model.
    [Theory]
    [InlineData(MutationKind.WriteBarrier, "smp_wmb()", "NoOldData")]
    [InlineData(MutationKind.ReadBarrier, "smp_rmb()", "NoOldData")]
    [InlineData(MutationKind.Ordering, "smp_store_release(ready)", "NoOldData")]
    [InlineData(MutationKind.Ordering, "smp_load_acquire(ready)", "NoOldData")]
    [InlineData(MutationKind.AtomicOrdering, "xchg(turn)", "NoOldData")]
    [InlineData(MutationKind.AtomicOrdering, "atomic_fetch_or(unrelated)", null)]
    public void Ordering_LeftOut_ShowsUnderAWeakModelOnly(MutationKind kind, string operation, string? invariant)
    {
        var program = new TestProgram(Ordering);
        Mutation mutation = Site(program, kind, operation);
        Assert.False(mutation.IsDetectableUnder(MemoryModel.Sc));
        Assert.True(mutation.IsDetectableUnder(MemoryModel.Lkmm));
        Assert.Null(Shown(program, mutation));
        Assert.Equal(invariant, ShownBySampling(new MutatedProgram(program, mutation)));
        Assert.Null(ShownBySampling(program));
    }

    // The model's own assertions believe that the lock is held.
    [Fact]
    public void Lock_LeftOut_CountsAsHeldByItsCpu()
    {
        ulong state = 0;
        var program = new TestProgram(machine =>
        {
            var mmuLock = new SpinLock(machine, LockClasses.MmuLock);
            machine.Spawn("vcpu0", Take);

            async Coroutine Take(Cpu cpu)
            {
                await cpu.Lock(mmuLock);
                mmuLock.AssertHeld(cpu);
                state = mmuLock.State.Peek;
                await cpu.Unlock(mmuLock);
            }
        });
        Assert.Null(Run.InTurn(program).Violation);
        Assert.NotEqual(0UL, state);
        Assert.Null(Run.InTurn(new MutatedProgram(program, Site(program, MutationKind.Lock, "spin_lock(mmu_lock)"))).Violation);
        Assert.Equal(0UL, state);
    }

    [Fact]
    public void Program_AfterAMutatedOne_LeavesNothingOut()
    {
        var program = new TestProgram(machine => Counting(machine, isShared: true));
        var machine = new ExploredMachine();
        var guided = new Guided();
        foreach (IProgram next in (IProgram[])[program, new MutatedProgram(program, Site(program, MutationKind.Lock, "spin_lock(mmu_lock)")), program])
        {
            guided.Begin(0);
            machine.Run(next, guided);
            int locks = next == program ? 2 : 1;
            Assert.Equal(2 + (locks * 2) + 4, machine.Steps); // two starts, two reads and writes
        }
    }

    // A violation that is set aside neither ends the run nor is forgotten.
    [Fact]
    public void Ignored_Violated_IsNoted()
    {
        var program = new TestProgram(machine =>
        {
            Word word = machine.Memory.Allocate("kvm", "word")[0];
            machine.Spawn("vcpu0", WriteIt);
            machine.Spawn("vcpu1", WriteIt);

            Coroutine WriteIt(Cpu cpu)
            {
                cpu.Write(word, 1);
                return Coroutine.Completed;
            }
        });
        var mutation = new Mutation("nowhere", 1, MutationKind.Lock, "spin_lock()") { Ignored = [MachineInvariants.NoDataRace] };
        var ignored = new IgnoredSet(mutation.Ignored);
        Assert.Null(Run.InTurn(new MutatedProgram(program, mutation, ignored)).Violation);
        Assert.True(ignored.WasViolated);
        Assert.Equal(MachineInvariants.NoDataRace, Run.InTurn(program).Violation!.Invariant);
    }

    [Fact]
    public void ScheduleFile_OfAMutatedRun_NamesIt()
    {
        var mutation = new Mutation("Mmu/A.cs", 7, MutationKind.Lock, "spin_lock(mmu_lock)") { Ignored = ["NoDataRace"] };
        string path = Path.Combine(Path.GetTempPath(), $"mutation-{Guid.NewGuid():N}.json");
        var schedule = new Schedule
        {
            Tool = "1",
            Scenario = "s",
            Parameters = new Dictionary<string, string>(),
            Mmu = "",
            Memory = "sc",
            Mutation = mutation,
            Strategy = "mutate",
            Seed = 1,
            Index = 0,
            Violation = new Violation("I", "m"),
            Steps = 0,
            Preemptions = 0,
            StepsBeforeShrinking = 0,
            Actors = [],
            DisabledActors = 0,
            Decisions = [],
            Events = [],
        };
        try
        {
            ScheduleFile.Write(schedule, path);
            Mutation read = ScheduleFile.Read(path).Mutation!;
            Assert.Equal(mutation with { Ignored = read.Ignored }, read);
            Assert.Equal(mutation.Ignored, read.Ignored);
            ScheduleFile.Write(schedule with { Mutation = null }, path);
            Assert.DoesNotContain("mutation", File.ReadAllText(path), StringComparison.Ordinal);
            Assert.Null(ScheduleFile.Read(path).Mutation);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void AssertShows(string? invariant, MutationKind kind, string operation, TestProgram program)
    {
        Run.Holds(program);
        Assert.Equal(invariant, Shown(program, Site(program, kind, operation)));
    }

    private static string? Shown(TestProgram program, Mutation mutation)
    {
        ExplorationResult result = Run.All(new MutatedProgram(program, mutation with { Ignored = [MachineInvariants.NoDataRace] }));
        Assert.True(result.IsComplete || result.Findings.Count > 0);
        return result.Findings.Count == 0 ? null : result.Findings[0].Violation.Invariant;
    }

    private static string? ShownBySampling(IProgram program)
    {
        ExplorationResult result = Run.Explore(program, new ExplorationOptions { Memory = MemoryModel.Lkmm, Iterations = 5_000 });
        return result.Findings.Count == 0 ? null : result.Findings[0].Violation.Invariant;
    }

    private static Mutation Site(TestProgram program, MutationKind kind, string operation) =>
        SitesOf(program).First(m => m.Kind == kind && m.Operation.StartsWith(operation, StringComparison.Ordinal));

    private static IReadOnlyList<Mutation> SitesOf(TestProgram program)
    {
        var sites = new SiteRecorder(file => file == ThisFile, _ => false);
        Assert.Empty(Run.Explore(new SiteRecordingProgram(program, sites), new ExplorationOptions { Iterations = 200 }).Findings);
        return sites.Sites;
    }

    private static void Counting(ExploredMachine machine, bool isShared)
    {
        Block counts = machine.Memory.Allocate("kvm", "users", "others");
        var mmuLock = new SpinLock(machine, LockClasses.MmuLock);
        machine.Spawn("vcpu0", CountFirst);
        machine.Spawn("vcpu1", CountSecond);
        machine.AtEnd(() =>
        {
            if (counts[0].Peek + counts[1].Peek != 2)
            {
                machine.Report(new Violation("NoLostUpdate", "an update is lost"), null);
            }
        });

        async Coroutine CountFirst(Cpu cpu)
        {
            await cpu.Lock(mmuLock);
            await cpu.WriteOnce(counts[0], await cpu.ReadOnce(counts[0]) + 1);
            await cpu.Unlock(mmuLock);
        }

        async Coroutine CountSecond(Cpu cpu)
        {
            Word count = isShared ? counts[0] : counts[1];
            await cpu.Lock(mmuLock);
            await cpu.WriteOnce(count, await cpu.ReadOnce(count) + 1);
            await cpu.Unlock(mmuLock);
        }
    }

    private static void Retaking(ExploredMachine machine, bool waits)
    {
        Word done = machine.Memory.Allocate("kvm", "done")[0];
        var outer = new Mutex(machine, LockClasses.IrqLock);
        var inner = new Mutex(machine, LockClasses.SlotsLock);
        machine.Spawn("vcpu0", Retake);
        machine.Spawn("vcpu1", Help);

        async Coroutine Retake(Cpu cpu)
        {
            await cpu.Lock(outer);
            await cpu.Lock(inner);
            await cpu.Unlock(inner);
            if (waits)
            {
                await cpu.WaitUntilEqual(done, 1);
            }

            await cpu.Lock(inner);
            await cpu.Unlock(inner);
            await cpu.Unlock(outer);
        }

        async Coroutine Help(Cpu cpu)
        {
            await cpu.Lock(inner);
            await cpu.WriteOnce(done, 1);
            await cpu.Unlock(inner);
        }
    }

    private static void Publishing(ExploredMachine machine, bool frees)
    {
        Word pointer = machine.Memory.Allocate("kvm", "pointer")[0];
        Block[] versions = [machine.Memory.Allocate("version", 1, Freeable), machine.Memory.Allocate("version", 1, Freeable)];
        var srcu = new Srcu(machine);
        machine.Spawn("reader", ReadIt);
        machine.Spawn("writer", Replace);

        async Coroutine ReadIt(Cpu cpu)
        {
            ulong index = await cpu.SrcuReadLock(srcu);
            Block version = versions[await cpu.LoadAcquire(pointer)];
            await cpu.ReadOnce(version[0]);
            await cpu.SrcuReadUnlock(srcu, index);
        }

        async Coroutine Replace(Cpu cpu)
        {
            await cpu.StoreRelease(pointer, 1);
            await cpu.SynchronizeSrcu(srcu);
            if (frees)
            {
                machine.Memory.Free(cpu, versions[0]);
            }
        }
    }

    private static void Passing(ExploredMachine machine)
    {
        Block kvm = machine.Memory.Allocate("kvm", "flag", "other", "bits", "count", "total", "mode", "text", "message");
        machine.Spawn("sender", Send);
        machine.Spawn("receiver", Receive);
        machine.Spawn("waiter", Wait);
        machine.AtEnd(() =>
        {
            Check("NoCountLost", kvm[3].Peek == 1);
            Check("NoTotalLost", kvm[4].Peek == 2);
        });

        void Check(string invariant, bool holds)
        {
            if (!holds)
            {
                machine.Report(new Violation(invariant, "it is lost"), null);
            }
        }

        async Coroutine Send(Cpu cpu)
        {
            await cpu.AtomicOr(kvm[2], 4);
            await cpu.AtomicAdd(kvm[3], 1);
            await cpu.AddReturn(kvm[4], 2);
            await cpu.Xchg(kvm[5], 1);
            await cpu.WriteOnce(kvm[1], 1);
            cpu.Write(kvm[6], 8);
            await cpu.StoreRelease(kvm[0], 1);
            await cpu.StoreRelease(kvm[7], 6);
        }

        async Coroutine Receive(Cpu cpu)
        {
            await cpu.WaitUntilEqual(kvm[0], 1);
            if (cpu.Read(kvm[6]) != 8)
            {
                cpu.Fail("NoOldMessage", "the message is not there yet");
            }

            await cpu.WaitUntilNotEqual(kvm[2], 0);
        }

        async Coroutine Wait(Cpu cpu)
        {
            if (await cpu.WaitUntilNotEqual(kvm[7], 0) != 6)
            {
                cpu.Fail("NoOldMessage", "the message is not there yet");
            }
        }
    }

    private static void Knowing(ExploredMachine machine, string operation, HashSet<ulong> found)
    {
        Block block = machine.Memory.Allocate("word", "word");
        block[0].Initialise(3);
        Block turn = machine.Memory.Allocate("kvm", "turn", "noise");
        machine.Spawn("knower", Know);
        machine.Spawn("writer", WriteIt);
        machine.Spawn("noise", Disturb); // so that operations are put off

        async Coroutine Disturb(Cpu cpu)
        {
            for (ulong i = 0; i < 10; i++)
            {
                await cpu.WriteOnce(turn[1], i);
            }
        }

        async Coroutine Know(Cpu cpu)
        {
            Word word = block[0];
            await cpu.WaitUntilEqual(turn[0], 1);
            switch (operation)
            {
                case "Read": cpu.Read(word); break;
                case "ReadOnce": await cpu.ReadOnce(word); break;
                case "LoadAcquire": await cpu.LoadAcquire(word); break;
                case "WaitUntilEqual": await cpu.WaitUntilEqual(word, 9); break;
                case "WaitUntilNotEqual": await cpu.WaitUntilNotEqual(word, 3); break;
                case "Write": cpu.Write(word, 5); break;
                case "Fill": cpu.Fill(block, 5); break;
                case "WriteOnce": await cpu.WriteOnce(word, 5); break;
                case "StoreRelease": await cpu.StoreRelease(word, 5); break;
                case "Xchg": await cpu.Xchg(word, 5); break;
                case "CmpXchg": await cpu.CmpXchg(word, 9, 5); break;
                case "failed CmpXchg": await cpu.CmpXchg(word, 8, 5); break;
                case "AddReturn": await cpu.AddReturn(word, 1); break;
                case "FetchOr": await cpu.FetchOr(word, 6); break;
                case "FetchAndNot": await cpu.FetchAndNot(word, 1); break;
                case "AtomicAdd": await cpu.AtomicAdd(word, 1); break;
                case "AtomicOr": await cpu.AtomicOr(word, 4); break;
                default: break;
            }

            await cpu.StoreRelease(turn[0], 2);
            await cpu.WaitUntilEqual(turn[0], 3);
            found.Add(await cpu.ReadOnce(word));
        }

        async Coroutine WriteIt(Cpu cpu)
        {
            await cpu.WriteOnce(block[0], 9);
            await cpu.StoreRelease(turn[0], 1);
            await cpu.WaitUntilEqual(turn[0], 2);
            await cpu.WriteOnce(block[0], 20);
            await cpu.StoreRelease(turn[0], 3);
        }
    }

    private static void Sharing(ExploredMachine machine)
    {
        Block kvm = machine.Memory.Allocate("kvm", "low", "high");
        var mmuLock = new RwLock(machine, LockClasses.MmuLock);
        machine.Spawn("reader", ReadBoth);
        machine.Spawn("other", ReadBoth);
        machine.Spawn("writer", WriteBoth);

        async Coroutine ReadBoth(Cpu cpu)
        {
            await cpu.ReadLock(mmuLock);
            if (await cpu.ReadOnce(kvm[0]) != await cpu.ReadOnce(kvm[1]))
            {
                cpu.Fail("NoTornRead", "half of it is old");
            }

            await cpu.ReadUnlock(mmuLock);
        }

        async Coroutine WriteBoth(Cpu cpu)
        {
            await cpu.Lock(mmuLock);
            await cpu.WriteOnce(kvm[0], 1);
            await cpu.WriteOnce(kvm[1], 1);
            await cpu.Unlock(mmuLock);
        }
    }

    private static void Buffering(ExploredMachine machine, bool hasSection)
    {
        Block kvm = machine.Memory.Allocate("kvm", "x", "y", "own");
        var srcu = new Srcu(machine);
        bool[] isOld = [false, false];
        machine.Spawn("first", First);
        machine.Spawn("second", Second);
        machine.AtEnd(() =>
        {
            if (isOld[0] && isOld[1])
            {
                machine.Report(new Violation("NoStoreBuffering", "both read what was there before"), null);
            }
        });

        async Coroutine First(Cpu cpu)
        {
            ulong index = await cpu.SrcuReadLock(srcu);
            if (hasSection)
            {
                await cpu.Xchg(kvm[2], 1);
                await cpu.WriteOnce(kvm[0], 1);
                await cpu.SrcuReadUnlock(srcu, index);
            }
            else
            {
                await cpu.SrcuReadUnlock(srcu, index);
                await cpu.WriteOnce(kvm[0], 1);
                await cpu.Xchg(kvm[2], 1);
            }

            isOld[0] = await cpu.ReadOnce(kvm[1]) == 0;
        }

        async Coroutine Second(Cpu cpu)
        {
            await cpu.WriteOnce(kvm[1], 1);
            await cpu.Mb();
            isOld[1] = await cpu.ReadOnce(kvm[0]) == 0;
        }
    }

    private static void Faulting(ExploredMachine machine)
    {
        Block kvm = machine.Memory.Allocate("kvm", "seq", "pte", "host", "hint");
        kvm[2].Initialise(7);
        var mmuLock = new SpinLock(machine, LockClasses.MmuLock);
        machine.Spawn("vcpu0", Fault);
        machine.Spawn("notifier", Invalidate);
        machine.AtEnd(() =>
        {
            if (kvm[1].Peek != 0 && kvm[2].Peek == 0)
            {
                machine.Report(new Violation("NoStaleMapping", "it maps what is gone"), null);
            }
        });

        async Coroutine Fault(Cpu cpu)
        {
            ulong snapshot = await cpu.LoadAcquire(kvm[0]);
            ulong page = await cpu.LoadAcquire(kvm[2]);
            if (await cpu.ReadOnce(kvm[3]) != 0)
            {
                return; // saves time only
            }

            await cpu.Lock(mmuLock);
            if (page != 0 && cpu.Read(kvm[0]) == snapshot)
            {
                await cpu.WriteOnce(kvm[1], page);
            }

            await cpu.Unlock(mmuLock);
        }

        async Coroutine Invalidate(Cpu cpu)
        {
            await cpu.WriteOnce(kvm[3], 1);
            await cpu.WriteOnce(kvm[2], 0);
            await cpu.Lock(mmuLock);
            await cpu.WriteOnce(kvm[0], cpu.Read(kvm[0]) + 1);
            await cpu.WriteOnce(kvm[1], 0);
            await cpu.Unlock(mmuLock);
        }
    }

    private static void Ordering(ExploredMachine machine)
    {
        Block kvm = machine.Memory.Allocate("kvm", "data", "flag", "data2", "ready", "data3", "turn", "unrelated");
        machine.Spawn("writer", Send);
        machine.Spawn("reader", Receive);

        async Coroutine Send(Cpu cpu)
        {
            await cpu.WriteOnce(kvm[0], 1);
            await cpu.Wmb();
            await cpu.WriteOnce(kvm[1], 1);
            await cpu.WriteOnce(kvm[2], 1);
            await cpu.StoreRelease(kvm[3], 1);
            await cpu.WriteOnce(kvm[4], 1);
            await cpu.Xchg(kvm[5], 1);
            await cpu.FetchOr(kvm[6], 1);
        }

        async Coroutine Receive(Cpu cpu)
        {
            bool isThird = await cpu.LoadAcquire(kvm[5]) == 1;
            Check(cpu, !isThird || await cpu.ReadOnce(kvm[4]) == 1);
            bool isSecond = await cpu.LoadAcquire(kvm[3]) == 1;
            Check(cpu, !isSecond || await cpu.ReadOnce(kvm[2]) == 1);
            bool isFirst = await cpu.ReadOnce(kvm[1]) == 1;
            await cpu.Rmb();
            Check(cpu, !isFirst || await cpu.ReadOnce(kvm[0]) == 1);
        }

        static void Check(Cpu cpu, bool holds)
        {
            if (!holds)
            {
                cpu.Fail("NoOldData", "an old value is read");
            }
        }
    }
}
