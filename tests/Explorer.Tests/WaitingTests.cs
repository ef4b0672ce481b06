using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

/// <summary>Deadlock, livelock, idleness, and who waits for whom.</summary>
public sealed class WaitingTests
{
    private static readonly ExplorationLimits ShortLimits = new() { FairAfterSteps = 1_000, LivelockAfterSteps = 2_000, TimeSlice = 100 };

    [Fact]
    public void Deadlock_OfTwoMutexes_SaysWhoWaitsForWhom()
    {
        Finding finding = Run.Violates(Programs.TwoMutexes(isMended: false), MachineInvariants.NoDeadlock);

        Assert.Equal("vcpu0 waits for irq_lock, held by vcpu1; vcpu1 waits for slots_lock, held by vcpu0", finding.Violation.Message);
        Assert.Equal(1, finding.Preemptions);
    }

    [Fact]
    public void TwoMutexes_TakenInOneOrder_NeverDeadlock() => Run.Holds(Programs.TwoMutexes(isMended: true));

    // Without a deadlock having to happen: the first schedule shows both orders.
    [Fact]
    public void TwoMutexes_TakenBothWays_AreACycleOnEverySchedule()
    {
        Finding finding = Run.Violates(Programs.TwoMutexes(isMended: false, looksAtOrder: true), MachineInvariants.LockDiscipline);

        Assert.Equal((0, 0L), (finding.Preemptions, finding.Index));
        Assert.Equal("locks are taken in a cycle: irq_lock -> slots_lock -> irq_lock", finding.Violation.Message);
    }

    [Fact]
    public void TwoMutexes_TakenInOneOrder_AreNoCycle() => Run.Holds(Programs.TwoMutexes(isMended: true, looksAtOrder: true));

    // The machine remembers orders that were no cycle in earlier runs; a cycle has to close within one run, and is found in whichever it does.
    [Fact]
    public void LockOrder_OfSeveralRuns_IsACycleOnlyWhereOneRunHasIt()
    {
        var machine = new ExploredMachine();

        Assert.Null(ViolationOf([false]));
        Assert.Null(ViolationOf([true]));
        Assert.Null(ViolationOf([false, false]));
        Assert.Equal("locks are taken in a cycle: irq_lock -> slots_lock -> irq_lock", ViolationOf([false, true]));
        Assert.Equal("locks are taken in a cycle: slots_lock -> irq_lock -> slots_lock", ViolationOf([true, false]));
        Assert.Null(ViolationOf([true, true]));
        Assert.Equal("locks are taken in a cycle: irq_lock -> slots_lock -> irq_lock", ViolationOf([false, true]));

        string? ViolationOf(bool[] isBackwards)
        {
            var guided = new Guided();
            guided.Begin(0);
            machine.Run(Programs.TakingTwoMutexes(isBackwards), guided);
            return machine.Violation?.Message;
        }
    }

    [Fact]
    public void RwSemaphore_WithAReaderInsideAReadersSection_DeadlocksBehindTheWriter()
    {
        Finding finding = Run.Violates(ReaderNeedsReader(hasWriter: true), MachineInvariants.NoDeadlock);

        Assert.Equal(
            "invalidate waits for done to become 1 (it is 0); memslots waits for mmap_lock, held by invalidate; " +
            "fault waits for mmap_lock, behind a writer that waits for invalidate",
            finding.Violation.Message);
    }

    [Fact]
    public void RwSemaphore_WithReadersOnly_DoesNotDeadlock() => Run.Holds(ReaderNeedsReader(hasWriter: false));

    [Fact]
    public void LostWakeup_IsADeadlock()
    {
        Finding finding = Run.Violates(Programs.LostWakeup(isMended: false), MachineInvariants.NoDeadlock);

        Assert.Equal("waiter waits for woken to become 1 (it is 0)", finding.Violation.Message);
    }

    [Fact]
    public void Wakeup_ThatIsNotLost_Holds() => Run.Holds(Programs.LostWakeup(isMended: true));

    // The lock was taken before and has nothing to do with the wait.
    [Fact]
    public void Deadlock_AfterALockWasTaken_NamesWhatIsWaitedFor()
    {
        Finding finding = Run.Violates(
            new TestProgram(machine =>
            {
                var mutex = new Mutex(machine, LockClasses.SlotsLock);
                Word word = machine.Memory.Allocate("kvm", "ack")[0];
                machine.Spawn("vcpu0", cpu => LockThenWait(cpu, mutex, word));
                machine.SpawnAfterOthers("end", cpu => Programs.Write(cpu, word, 1));
            }),
            MachineInvariants.NoDeadlock);

        Assert.Equal("vcpu0 waits for ack to change from 0", finding.Violation.Message);
    }

    [Fact]
    public void Lock_TakenTwice_IsReportedInsteadOfADeadlock()
    {
        Finding finding = Run.Violates(
            new TestProgram(machine =>
            {
                var mutex = new Mutex(machine, LockClasses.SlotsLock);
                machine.Spawn("vcpu0", cpu => LockTwice(cpu, mutex));
            }),
            MachineInvariants.LockDiscipline);

        Assert.Equal("vcpu0 takes slots_lock, which it holds already", finding.Violation.Message);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Lock_LeftAtTheEnd_IsALeak(bool isSrcu)
    {
        Finding finding = Run.Violates(
            new TestProgram(machine =>
            {
                var mutex = new Mutex(machine, LockClasses.SlotsLock);
                var srcu = new Srcu(machine);
                machine.Spawn("vcpu0", cpu => Take(cpu, mutex, isSrcu ? srcu : null));
            }),
            MachineInvariants.LockDiscipline);

        Assert.Equal($"vcpu0 ends and still holds {(isSrcu ? "an SRCU section" : "slots_lock")}", finding.Violation.Message);
    }

    [Theory]
    [InlineData("random")]
    [InlineData("pct")]
    [InlineData("pos")]
    [InlineData("preemption-bounded")]
    public void TwoThatFlipAFlagForEver_AreALivelock(string strategy)
    {
        ExplorationResult result = Run.Explore(
            new TestProgram(machine =>
            {
                Word flag = machine.Memory.Allocate("kvm", "flag")[0];
                machine.Spawn("vcpu0", cpu => FlipForEver(cpu, flag, 0));
                machine.Spawn("vcpu1", cpu => FlipForEver(cpu, flag, 1));
            }),
            new ExplorationOptions { Strategy = strategy, Iterations = 3, Limits = ShortLimits });
        Violation violation = Assert.Single(result.Findings).Violation;

        Assert.Equal(MachineInvariants.NoLivelock, violation.Invariant);
        Assert.Equal("vcpu0, vcpu1 are still running after 2000 steps in which nobody got anything done, the last 1000 under a fair schedule", violation.Message);
    }

    [Fact]
    public void OneThatSpinsForEver_IsALivelock()
    {
        ExplorationResult result = Run.Explore(
            new TestProgram(machine =>
            {
                Word flag = machine.Memory.Allocate("kvm", "flag")[0];
                machine.Spawn("vcpu0", cpu => SpinUntilSet(cpu, flag));
            }),
            new ExplorationOptions { Iterations = 3, Limits = ShortLimits });

        Assert.Equal(
            "vcpu0 is still running after 2000 steps in which nobody got anything done, the last 1000 under a fair schedule", Assert.Single(result.Findings).Violation.Message);
    }

    // Five times as many steps as make a livelock, but something is done every hundred steps.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void LongRun_IsALivelockOnlyWhereNobodyGetsAnythingDone(bool makesProgress)
    {
        ExplorationResult result = Run.Explore(
            new TestProgram(machine =>
            {
                Word flag = machine.Memory.Allocate("kvm", "flag")[0];
                machine.Spawn("vcpu0", cpu => WorkFor(cpu, flag, 10_000, makesProgress ? machine : null));
            }),
            new ExplorationOptions { Iterations = 3, Limits = ShortLimits });

        Assert.Equal(!makesProgress, result.Findings.Any(f => f.Violation.Invariant == MachineInvariants.NoLivelock));
    }

    // An unfair strategy lets the spinner spin; its time slice ends, and with it the loop.
    [Theory]
    [InlineData("random")]
    [InlineData("pct")]
    [InlineData("pos")]
    [InlineData("portfolio")]
    public void SpinLoop_ThatEndsUnderFairness_IsNoLivelock(string strategy)
    {
        ExplorationResult result = Run.Explore(SpinAndSet(), new ExplorationOptions { Strategy = strategy, Iterations = 500, Limits = ShortLimits });

        Assert.Empty(result.Findings.Select(f => f.Violation));
    }

    // Long before the schedule becomes fair: who has taken its 100 steps in a row yields, and that is no preemption.
    [Fact]
    public void SpinLoop_LongerThanItsTimeSlice_YieldsToTheOther()
    {
        var machine = new ExploredMachine(ShortLimits);
        var guided = new Guided();
        guided.Begin(0);
        machine.Run(SpinAndSet(), guided);

        Assert.Null(machine.Violation);
        Assert.InRange(machine.Steps, 100, 110);
        Assert.Equal(0, machine.Preemptions);
    }

    // Even a strategy that never gives anybody else a turn is overruled when the schedule becomes fair.
    [Fact]
    public void SpinLoop_UnderAStrategyThatStarvesOthers_IsNoLivelock()
    {
        var machine = new ExploredMachine(ShortLimits);
        machine.Run(SpinAndSet(), new Starving());

        Assert.Null(machine.Violation);
        Assert.InRange(machine.Steps, 1_000, 1_999);
    }

    [Fact]
    public void CondResched_InASpinLoop_LetsTheOtherRun()
    {
        ExploredMachine machine = Run.InTurn(Programs.PoliteSpinners(1, hasSetter: true));

        Assert.Null(machine.Violation);
        Assert.Equal((6, 0), (machine.Steps, machine.Preemptions)); // Start, look, resched; Start, set; look
    }

    // What a step means is worked out right after it, whether its CPU was suspended there or went on.
    [Fact]
    public void Step_WithAMeaning_IsConvertedBeforeTheNextStepOfAnybody()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        Run.Holds(new TestProgram(machine =>
        {
            Word word = machine.Memory.Allocate("kvm", "word")[0];
            var log = new List<string>();
            machine.Spawn("vcpu0", cpu => AddAndName(cpu, word, log));
            machine.Spawn("vcpu1", cpu => AddAndName(cpu, word, log));
            machine.AtEnd(() => seen.Add(string.Join(' ', log)));
        }));

        // Additions 1 to 4, two by each, each named as it is made: 4!/(2! 2!) = 6 orders.
        Assert.Equal(6, seen.Count);
        Assert.All(seen, names => Assert.Equal("1 2 3 4", string.Concat(names.Where(c => c != ' ' && !char.IsLetter(c)).Select(c => $"{c} ")).Trim()));
    }

    // Two senders, one message each: both orders arrive.
    [Fact]
    public void Mailbox_OfTwoSenders_ReceivesInEveryOrder()
    {
        var orders = new HashSet<string>(StringComparer.Ordinal);
        ExplorationResult result = Run.All(new TestProgram(machine =>
        {
            var mailbox = new Mailbox<string>(machine, "manager");
            machine.Spawn("manager", cpu => Receive(cpu, mailbox, 2, orders));
            machine.Spawn("vcpu0", cpu => mailbox.Send(cpu, "0"));
            machine.Spawn("vcpu1", cpu => mailbox.Send(cpu, "1"));
        }));

        Assert.True(result.IsComplete);
        Assert.Empty(result.Findings);
        Assert.Equal(["01", "10"], orders.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Mailbox_OfOneSender_KeepsItsOrder()
    {
        var orders = new HashSet<string>(StringComparer.Ordinal);
        Run.Holds(new TestProgram(machine =>
        {
            var mailbox = new Mailbox<string>(machine, "manager");
            machine.Spawn("manager", cpu => Receive(cpu, mailbox, 3, orders));
            machine.Spawn("vcpu0", cpu => SendThree(cpu, mailbox));
        }));

        Assert.Equal(["abc"], orders);
    }

    [Fact]
    public void Mailbox_WaitedForWhenAllHaveEnded_IsIdlenessAndNotDeadlock()
    {
        int ends = 0;
        Run.Holds(new TestProgram(machine =>
        {
            var mailbox = new Mailbox<string>(machine, "manager");
            machine.Spawn("manager", cpu => Receive(cpu, mailbox, 100, []));
            machine.Spawn("vcpu0", cpu => mailbox.Send(cpu, "0"));
            machine.AtEnd(() => ends++);
        }));

        Assert.True(ends > 0);
    }

    [Fact]
    public void Answer_ThatAnIdleActorNeverGives_IsADeadlock()
    {
        Finding finding = Run.Violates(
            new TestProgram(machine =>
            {
                var mailbox = new Mailbox<string>(machine, "manager");
                var answer = new Completion(machine, "answer");
                machine.Spawn("manager", cpu => Receive(cpu, mailbox, 100, []));
                machine.Spawn("vcpu0", cpu => SendAndWait(cpu, mailbox, answer));
            }),
            MachineInvariants.NoDeadlock);

        Assert.Equal("vcpu0 waits for answer[0] to change from 0", finding.Violation.Message);
    }

    // Those that wait for the others come after everybody else, in their order, one after the other.
    [Fact]
    public void AfterOthers_OfSeveral_RunInOrderOneAtATime()
    {
        var order = new List<string>();
        var orders = new HashSet<string>(StringComparer.Ordinal);
        Run.Holds(new TestProgram(machine =>
        {
            order.Clear();
            Word word = machine.Memory.Allocate("kvm", "word")[0];
            var mailbox = new Mailbox<string>(machine, "manager");
            machine.SpawnAfterOthers("end0", cpu => Note(cpu, word, "end0", order));
            machine.Spawn("vcpu0", cpu => Note(cpu, word, "vcpu0", order));
            machine.Spawn("idle", cpu => Receive(cpu, mailbox, 1, []));
            machine.SpawnAfterOthers("end1", cpu => Note(cpu, word, "end1", order));
            machine.SpawnAfterOthers("end2", cpu => Note(cpu, word, "end2", order));
            machine.AtEnd(() => orders.Add(string.Join(' ', order)));
        }));

        Assert.Equal(["vcpu0 vcpu0 end0 end0 end1 end1 end2 end2"], orders);
    }

    // What the last part sends wakes an idle actor once more before the next last part.
    [Fact]
    public void AfterOthers_ThatSendAMessage_LetItBeHandledFirst()
    {
        var order = new List<string>();
        var orders = new HashSet<string>(StringComparer.Ordinal);
        Run.Holds(new TestProgram(machine =>
        {
            order.Clear();
            Word word = machine.Memory.Allocate("kvm", "word")[0];
            var mailbox = new Mailbox<string>(machine, "manager");
            machine.Spawn("manager", cpu => ReceiveAndNote(cpu, mailbox, word, order));
            machine.SpawnAfterOthers("end0", cpu => mailbox.Send(cpu, "stop"));
            machine.SpawnAfterOthers("end1", cpu => Note(cpu, word, "end1", order));
            machine.AtEnd(() => orders.Add(string.Join(' ', order)));
        }));

        Assert.Equal(["manager manager end1 end1"], orders);
    }

    [Fact]
    public void DisabledCpu_NeverStarts()
    {
        var machine = new ExploredMachine();
        var walk = new RandomWalk(1);
        for (long index = 0; index < 50; index++)
        {
            walk.Begin(index);
            machine.Run(Programs.Writers(2, 2, 2), walk, disabledCpus: 0b010);
            Assert.DoesNotContain((ushort)1, machine.Decisions.ToArray());
            Assert.Equal(6, machine.Steps);
            Assert.Null(machine.Violation);
        }
    }

    [Fact]
    public void Machine_WithMoreThan64Cpus_IsRefused()
    {
        var machine = new ExploredMachine();

        Assert.Throws<ArgumentException>(() => machine.Run(Programs.Writers(new int[65]), new RandomWalk(1)));
        machine.Run(Programs.Writers(new int[64]), new RandomWalk(1));
        Assert.Equal(64, machine.Steps);
    }

    private static TestProgram SpinAndSet() => new(machine =>
    {
        Word flag = machine.Memory.Allocate("kvm", "flag")[0];
        machine.Spawn("vcpu0", cpu => SpinUntilSet(cpu, flag));
        machine.Spawn("vcpu1", cpu => Programs.Write(cpu, flag, 1));
    });

    private static TestProgram ReaderNeedsReader(bool hasWriter) => new(machine =>
    {
        var semaphore = new RwSemaphore(machine, LockClasses.MmapLock);
        Word done = machine.Memory.Allocate("kvm", "done")[0];
        machine.Spawn("invalidate", cpu => ReadAndWait(cpu, semaphore, done));
        if (hasWriter)
        {
            machine.Spawn("memslots", cpu => WriteSlots(cpu, semaphore));
        }

        machine.Spawn("fault", cpu => ReadAndSet(cpu, semaphore, done));
    });

    private static async Coroutine ReadAndWait(Cpu cpu, RwSemaphore semaphore, Word done)
    {
        await cpu.ReadLock(semaphore);
        await cpu.WaitUntilEqual(done, 1);
        await cpu.ReadUnlock(semaphore);
    }

    private static async Coroutine WriteSlots(Cpu cpu, RwSemaphore semaphore)
    {
        await semaphore.DownWrite(cpu);
        await cpu.Unlock(semaphore);
    }

    private static async Coroutine ReadAndSet(Cpu cpu, RwSemaphore semaphore, Word done)
    {
        await cpu.ReadLock(semaphore);
        await cpu.WriteOnce(done, 1);
        await cpu.ReadUnlock(semaphore);
    }

    private static async Coroutine LockThenWait(Cpu cpu, Mutex mutex, Word word)
    {
        await cpu.Lock(mutex);
        await cpu.Unlock(mutex);
        await cpu.WaitUntilNotEqual(word, 0);
    }

    private static async Coroutine LockTwice(Cpu cpu, Mutex mutex)
    {
        await cpu.Lock(mutex);
        await cpu.Lock(mutex);
    }

    private static async Coroutine Take(Cpu cpu, Mutex mutex, Srcu? srcu)
    {
        if (srcu is not null)
        {
            await cpu.SrcuReadLock(srcu);
        }
        else
        {
            await cpu.Lock(mutex);
        }
    }

    private static async Coroutine AddAndName(Cpu cpu, Word word, List<string> log)
    {
        for (int i = 0; i < 2; i++)
        {
            string name = await cpu.AddReturn(word, 1).Then((cpu, log), static (to, value) =>
            {
                to.log.Add($"{(char)('a' + to.cpu.Id)}{value}");
                return to.log[^1];
            });
            Assert.NotEmpty(name);
        }
    }

    private static async Coroutine FlipForEver(Cpu cpu, Word flag, ulong from)
    {
        while (true)
        {
            await cpu.CmpXchg(flag, from, 1 - from);
        }
    }

    private static async Coroutine SpinUntilSet(Cpu cpu, Word flag)
    {
        while (await cpu.ReadOnce(flag) == 0)
        {
        }
    }

    private static async Coroutine Receive(Cpu cpu, Mailbox<string> mailbox, int count, HashSet<string> orders)
    {
        string all = "";
        for (int i = 0; i < count; i++)
        {
            all += await mailbox.Receive(cpu);
        }

        orders.Add(all);
    }

    private static async Coroutine ReceiveAndNote(Cpu cpu, Mailbox<string> mailbox, Word word, List<string> order)
    {
        await mailbox.Receive(cpu);
        await Note(cpu, word, "manager", order);
    }

    private static async Coroutine SendThree(Cpu cpu, Mailbox<string> mailbox)
    {
        await mailbox.Send(cpu, "a");
        await mailbox.Send(cpu, "b");
        await mailbox.Send(cpu, "c");
    }

    private static async Coroutine SendAndWait(Cpu cpu, Mailbox<string> mailbox, Completion answer)
    {
        await mailbox.Send(cpu, "question");
        await answer.Wait(cpu);
    }

    private static async Coroutine Note(Cpu cpu, Word word, string name, List<string> order)
    {
        order.Add(name);
        await cpu.WriteOnce(word, 1);
        order.Add(name);
    }

    // Always the lowest number, whoever yields.
    private sealed class Starving : IStrategy
    {
        public bool Begin(long index) => true;

        public int Next(ExploredMachine machine, ulong enabled, int current, bool yields) => System.Numerics.BitOperations.TrailingZeroCount(enabled);

        public int Choose(ExploredMachine machine, int alternatives) => 0;
    }

    private static async Coroutine WorkFor(Cpu cpu, Word word, int steps, ExploredMachine? machine)
    {
        for (int i = 0; i < steps; i++)
        {
            await cpu.AddReturn(word, 1);
            if (i % 100 == 0)
            {
                machine?.MadeProgress();
            }
        }
    }
}
