using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

/// <summary>Use after free, double free, leaks, exceptions, and SRCU, which keeps readers from the first of them.</summary>
public sealed class LifetimeTests
{
    private static readonly BlockKind Table = new("page-table page", "NoUseOfFreedTable", "NoTableLeak");

    public static TheoryData<string> Uses => new("ReadOnce", "WriteOnce", "Xchg", "HardwareRead", "Read", "Write", "Fill");

    [Theory]
    [MemberData(nameof(Uses))]
    public void Use_OfAFreedPage_IsFound(string use)
    {
        Finding finding = Run.Violates(UseAndFree(use, isMended: false), "NoUseOfFreedTable");

        Assert.Equal("vcpu0 uses pte table (page-table page), which is freed", finding.Violation.Message);
        Assert.Equal("use after free", finding.Violation.Consequence);
    }

    [Theory]
    [MemberData(nameof(Uses))]
    public void Use_UnderTheLockThatFreeingTakes_Holds(string use) => Run.Holds(UseAndFree(use, isMended: true));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Free_ByTwo_IsADoubleFreeUnlessOneTakesIt(bool isMended)
    {
        var program = new TestProgram(machine =>
        {
            Page page = machine.Memory.AllocatePage("pte table", Table);
            Word pointer = machine.Memory.Allocate("kvm", "pgd")[0];
            pointer.Initialise(page.FrameNumber);
            machine.Spawn("vcpu0", cpu => FreeOnce(cpu, pointer, isMended));
            machine.Spawn("notifier", cpu => FreeOnce(cpu, pointer, isMended));
        });

        if (isMended)
        {
            Run.Holds(program);
        }
        else
        {
            Assert.Equal("pte table is freed twice", Run.Violates(program, "NoUseOfFreedTable").Violation.Message);
        }
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void Memory_LeftAtTheEnd_IsALeak(bool frees, bool holds)
    {
        var program = new TestProgram(machine =>
        {
            machine.CheckLeaksAtEnd();
            Page page = machine.Memory.AllocatePage("pte table", Table);
            machine.Memory.AllocatePage("guest page", new BlockKind("guest page", "NoUseOfFreedPage"));
            machine.Spawn("vcpu0", cpu => Programs.Write(cpu, page[0], 1));
            machine.SpawnAfterOthers("end", cpu => FreeAtEnd(cpu, page, frees));
        });

        if (holds)
        {
            Run.Holds(program);
        }
        else
        {
            Assert.Equal("pte table (page-table page) was never freed", Run.Violates(program, "NoTableLeak").Violation.Message);
        }
    }

    [Fact]
    public void Exception_InAnActor_IsAViolationOfThatActor()
    {
        Finding finding = Run.Violates(
            new TestProgram(machine =>
            {
                Word word = machine.Memory.Allocate("kvm", "word")[0];
                machine.Spawn("vcpu0", cpu => Programs.Write(cpu, word, 1));
                machine.Spawn("vcpu1", cpu => ThrowWhenSet(cpu, word));
            }),
            MachineInvariants.NoException);

        Assert.Equal("InvalidOperationException: word is 1  at all", finding.Violation.Message);
    }

    [Fact]
    public void Exception_BeforeTheFirstStep_IsAViolation()
    {
        ExploredMachine machine = Run.InTurn(new TestProgram(m => m.Spawn("vcpu0", _ => throw new InvalidOperationException("at once"))));

        Assert.Equal(new Violation(MachineInvariants.NoException, "InvalidOperationException: at once"), machine.Violation);
        Assert.Equal("vcpu0", machine.Violator!.Name);
    }

    // After a schedule that ended in the middle of everything, the next one begins afresh.
    [Fact]
    public void Machine_AfterAViolation_RunsTheNextScheduleAsIfItWereTheFirst()
    {
        var machine = new ExploredMachine();
        var guided = new Guided();
        for (int i = 0; i < 300; i++)
        {
            guided.Begin(0);
            machine.Run(UseAndFree("ReadOnce", isMended: false), guided);
            Assert.Null(machine.Violation);
            Assert.Equal(6, machine.Steps); // Start, look, use; Start, take away, and a step between that and freeing
            guided.Follow([new Turn(0, 2), new Turn(1, 3), new Turn(0, 1)]);
            guided.Begin(0);
            machine.Run(UseAndFree("ReadOnce", isMended: false), guided);
            Assert.Equal("NoUseOfFreedTable", machine.Violation?.Invariant);
            guided.Follow([]);
        }
    }

    // What a page holds before it is written is the same in every run, whatever earlier ones left there: schedules must replay.
    [Fact]
    public void Page_BeforeItIsWritten_HoldsTheSameInEveryRun()
    {
        var machine = new ExploredMachine(wordsPerPage: 16);
        var guided = new Guided();
        var seen = new HashSet<ulong>();
        for (int i = 0; i < 3; i++)
        {
            guided.Begin(0);
            machine.Run(
                new TestProgram(m =>
                {
                    Page page = m.Memory.AllocatePage("page", Table);
                    Assert.Equal(1UL, page.FrameNumber);
                    seen.Add(page[5].Peek);
                    m.Spawn("vcpu0", cpu => Programs.Write(cpu, page[5], 3));
                }),
                guided);
        }

        Assert.Equal([Block.Uninitialised], seen);
    }

    // Frames are numbered from 1 in every run and, within one, never given twice.
    [Fact]
    public void FrameNumber_OfAFreedPage_IsNotUsedAgainInTheSameRun()
    {
        var numbers = new List<ulong>();
        var program = new TestProgram(machine => machine.Spawn("vcpu0", cpu => AllocateAndFree(cpu, numbers)));
        Run.InTurn(program);
        Run.InTurn(program);

        Assert.Equal([1UL, 2UL, 3UL, 1UL, 2UL, 3UL], numbers);
    }

    // Two readers and two grace periods: what is freed after a grace period is never seen by a reader.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Srcu_WithGracePeriods_KeepsReadersFromWhatIsFreed(bool synchronizes)
    {
        var program = new TestProgram(machine =>
        {
            Page[] slots = [.. Enumerable.Range(0, 3).Select(_ => machine.Memory.AllocatePage("memslots", Table))];
            Word pointer = machine.Memory.Allocate("kvm", "memslots")[0];
            pointer.Initialise(slots[0].FrameNumber);
            var srcu = new Srcu(machine);
            machine.Spawn("vcpu0", cpu => FollowInSection(cpu, srcu, pointer));
            machine.Spawn("vcpu1", cpu => FollowInSection(cpu, srcu, pointer));
            machine.Spawn("memslots", cpu => Replace(cpu, srcu, pointer, slots, synchronizes));
        });

        if (synchronizes)
        {
            Run.Holds(program, bound: 3);
        }
        else
        {
            Run.Violates(program, "NoUseOfFreedTable");
        }
    }

    // A reader counted under the idle index, as one that read the index before an earlier flip: explored readers enter in one step, so it is put there.
    [Fact]
    public void Synchronize_WithAReaderUnderTheIdleIndex_WaitsForIt() => Run.Holds(new TestProgram(machine =>
    {
        var srcu = new Srcu(machine);
        Word isReading = machine.Memory.Allocate("kvm", "is_reading")[0];
        Word idle = srcu.Counter(machine.Spawn("vcpu0", cpu => Leave(cpu, srcu, isReading)), 1);
        idle.Initialise(1);
        isReading.Initialise(1);
        machine.Spawn("memslots", cpu => SynchronizeAndLook(cpu, srcu, isReading));
    }));

    // The updater is through although a reader that entered after the flip stays for ever.
    [Fact]
    public void Synchronize_WithALaterReader_DoesNotWaitForIt()
    {
        ExplorationResult result = Run.All(
            new TestProgram(machine =>
            {
                var srcu = new Srcu(machine);
                Word done = machine.Memory.Allocate("kvm", "done")[0];
                machine.Spawn("vcpu0", cpu => EnterAfterTheFlip(cpu, srcu, done));
                machine.Spawn("memslots", cpu => SynchronizeAndSay(cpu, srcu, done));
            }),
            bound: 4);

        Assert.Empty(result.Findings.Select(f => f.Violation));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Interrupts_OfAGuestThatRuns_AreAllTaken(bool looksAgain)
    {
        var program = new TestProgram(machine =>
        {
            var physical = new PhysicalCpu(machine, 0);
            machine.Spawn("guest", cpu => RunGuest(cpu, physical, looksAgain));
            machine.Spawn("vcpu1", cpu => physical.Interrupt(cpu, wait: true));
            machine.Spawn("vcpu2", cpu => physical.Interrupt(cpu, wait: true));
        });

        if (looksAgain)
        {
            Run.Holds(program, bound: 4);
        }
        else
        {
            // A guest that never leaves with interrupts off has its senders wait for ever.
            Assert.Contains(
                "waits for irq state of cpu0[0] to change from", Run.Violates(program, MachineInvariants.NoDeadlock).Violation.Message, StringComparison.Ordinal);
        }
    }

    // Taken, and at once off again with another interrupt pending: the state looks as before but for its epoch, and the first sender must see it.
    [Fact]
    public void Interrupt_TakenBetweenTwoTimesOff_IsAcknowledgedThoughAnotherIsPending() => Run.Holds(
        new TestProgram(machine =>
        {
            var physical = new PhysicalCpu(machine, 0);
            Block kvm = machine.Memory.Allocate("kvm", "second", "done");
            machine.Spawn("guest", cpu => RunTwice(cpu, physical, kvm));
            machine.Spawn("first", cpu => InterruptAndSay(cpu, physical, kvm[1]));
            machine.Spawn("second", cpu => InterruptSecond(cpu, physical, kvm[0]));
        }),
        bound: 4);

    private static TestProgram UseAndFree(string use, bool isMended) => new(machine =>
    {
        Page page = machine.Memory.AllocatePage("pte table", Table);
        Block kvm = machine.Memory.Allocate("kvm", "pgd", "other");
        kvm[0].Initialise(page.FrameNumber);
        var mmuLock = new SpinLock(machine, LockClasses.MmuLock);
        machine.Spawn("vcpu0", cpu => FollowAndUse(cpu, kvm, use, isMended ? mmuLock : null));
        machine.Spawn("notifier", cpu => TakeAwayAndFree(cpu, kvm, isMended ? mmuLock : null));
    });

    private static async Coroutine FollowAndUse(Cpu cpu, Block kvm, string use, SpinLock? mmuLock)
    {
        if (mmuLock is not null)
        {
            await cpu.Lock(mmuLock);
        }

        ulong frame = await cpu.ReadOnce(kvm[0]);
        if (frame != 0)
        {
            Page page = cpu.Machine.Memory.PageAt(frame)!;
            _ = use switch
            {
                "ReadOnce" => await cpu.ReadOnce(page[0]),
                "WriteOnce" => await cpu.WriteOnce(page[0], 1),
                "Xchg" => await cpu.Xchg(page[0], 1),
                "HardwareRead" => await cpu.HardwareRead(page[0]),
                _ => await cpu.ReadOnce(kvm[1]),
            };
            switch (use)
            {
                case "Read":
                    cpu.Read(page[0]);
                    break;
                case "Write":
                    cpu.Write(page[0], 1);
                    break;
                case "Fill":
                    cpu.Fill(page, 1);
                    break;
                default:
                    break;
            }
        }

        if (mmuLock is not null)
        {
            await cpu.Unlock(mmuLock);
        }
    }

    private static async Coroutine TakeAwayAndFree(Cpu cpu, Block kvm, SpinLock? mmuLock)
    {
        if (mmuLock is not null)
        {
            await cpu.Lock(mmuLock);
        }

        ulong frame = await cpu.Xchg(kvm[0], 0);
        await cpu.WriteOnce(kvm[1], 1);
        cpu.Machine.Memory.FreePage(cpu, cpu.Machine.Memory.PageAt(frame)!);
        if (mmuLock is not null)
        {
            await cpu.Unlock(mmuLock);
        }
    }

    private static async Coroutine FreeOnce(Cpu cpu, Word pointer, bool isMended)
    {
        ulong frame;
        if (isMended)
        {
            frame = await cpu.Xchg(pointer, 0);
        }
        else
        {
            frame = await cpu.ReadOnce(pointer);
            await cpu.WriteOnce(pointer, 0);
        }

        if (frame != 0)
        {
            cpu.Machine.Memory.FreePage(cpu, cpu.Machine.Memory.PageAt(frame)!);
        }
    }

    private static async Coroutine FreeAtEnd(Cpu cpu, Page page, bool frees)
    {
        await cpu.CondResched();
        if (frees)
        {
            cpu.Machine.Memory.FreePage(cpu, page);
        }
    }

    private static async Coroutine ThrowWhenSet(Cpu cpu, Word word)
    {
        if (await cpu.ReadOnce(word) == 1)
        {
            throw new InvalidOperationException("word is 1\n at all");
        }
    }

    private static async Coroutine AllocateAndFree(Cpu cpu, List<ulong> numbers)
    {
        for (int i = 0; i < 3; i++)
        {
            await cpu.CondResched();
            Page page = cpu.Machine.Memory.AllocatePage("page", Table);
            numbers.Add(page.FrameNumber);
            cpu.Machine.Memory.FreePage(cpu, page);
        }
    }

    private static async Coroutine FollowInSection(Cpu cpu, Srcu srcu, Word pointer)
    {
        ulong index = await cpu.SrcuReadLock(srcu);
        ulong frame = await cpu.LoadAcquire(pointer);
        await cpu.ReadOnce(cpu.Machine.Memory.PageAt(frame)![0]);
        await cpu.SrcuReadUnlock(srcu, index);
    }

    private static async Coroutine Replace(Cpu cpu, Srcu srcu, Word pointer, Page[] slots, bool synchronizes)
    {
        for (int i = 1; i < slots.Length; i++)
        {
            await cpu.StoreRelease(pointer, slots[i].FrameNumber);
            if (synchronizes)
            {
                await cpu.SynchronizeSrcu(srcu);
            }

            cpu.Machine.Memory.FreePage(cpu, slots[i - 1]);
        }
    }

    private static async Coroutine Leave(Cpu cpu, Srcu srcu, Word isReading)
    {
        await cpu.WriteOnce(isReading, 0);
        await cpu.AddReturn(srcu.Counter(cpu, 1), -1);
    }

    private static async Coroutine SynchronizeAndLook(Cpu cpu, Srcu srcu, Word isReading)
    {
        await cpu.SynchronizeSrcu(srcu);
        if (await cpu.ReadOnce(isReading) != 0)
        {
            cpu.Fail("NoEarlyReturn", "synchronize_srcu returned before an earlier reader had left");
        }
    }

    private static async Coroutine EnterAfterTheFlip(Cpu cpu, Srcu srcu, Word done)
    {
        await cpu.WaitUntilEqual(srcu.Index, 1);
        ulong index = await cpu.SrcuReadLock(srcu);
        await cpu.WaitUntilEqual(done, 1);
        await cpu.SrcuReadUnlock(srcu, index);
    }

    private static async Coroutine SynchronizeAndSay(Cpu cpu, Srcu srcu, Word done)
    {
        await cpu.SynchronizeSrcu(srcu);
        await cpu.WriteOnce(done, 1);
    }

    private static async Coroutine RunTwice(Cpu cpu, PhysicalCpu physical, Block kvm)
    {
        await physical.DisableInterrupts(cpu);
        bool isPending = await physical.IsInterruptPending(cpu);
        await physical.EnableInterrupts(cpu);
        if (isPending)
        {
            await physical.DisableInterrupts(cpu);
        }

        await cpu.WriteOnce(kvm[0], 1);
        if (isPending)
        {
            await cpu.WaitUntilEqual(kvm[1], 1);
            await physical.EnableInterrupts(cpu);
        }
    }

    private static async Coroutine InterruptAndSay(Cpu cpu, PhysicalCpu physical, Word done)
    {
        await physical.Interrupt(cpu, wait: true);
        await cpu.WriteOnce(done, 1);
    }

    private static async Coroutine InterruptSecond(Cpu cpu, PhysicalCpu physical, Word second)
    {
        await cpu.WaitUntilEqual(second, 1);
        await physical.Interrupt(cpu, wait: false);
    }

    private static async Coroutine RunGuest(Cpu cpu, PhysicalCpu physical, bool looksAgain)
    {
        for (int i = 0; i < 2; i++)
        {
            await physical.DisableInterrupts(cpu);
            if (await physical.IsInterruptPending(cpu) && !looksAgain)
            {
                await cpu.WaitUntilEqual(cpu.Machine.Memory.Allocate("never", "never")[0], 1);
            }

            await physical.EnableInterrupts(cpu);
        }
    }
}
