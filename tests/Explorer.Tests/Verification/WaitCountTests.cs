using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

/// <summary>How many executions there are, up to the order of what commutes: locks, waits, messages and retries.</summary>
public sealed class WaitCountTests
{
    private static readonly ulong[] Zero = [0];
    private static readonly ulong[] Zeros = [0, 0, 0, 0];

    /// <summary>n critical sections are ordered in n! ways; a lock is taken and given back, never taken in between.</summary>
    [Theory]
    [InlineData(2, 2)]
    [InlineData(3, 6)]
    [InlineData(4, 24)]
    public void CriticalSections_HaveAllOrders(int sections, long orders) =>
        HandCounted.Count(orders, HandCounted.Under(NewSpinLock, [.. Enumerable.Repeat<Func<Cpu, SpinLock, Coroutine>>(Section, sections)]));

    /// <summary>Readers commute; the writer stands before or after each of them: 2 to the power of the readers.</summary>
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(3, 8)]
    public void ReadSections_Commute_AndAWriteSectionDoesNot(int readers, long executions) =>
        HandCounted.Count(executions, HandCounted.Under(NewRwLock, [WriteSection, .. Enumerable.Repeat<Func<Cpu, RwLock, Coroutine>>(ReadSection, readers)]));

    /// <summary>
    /// A writer that finds the semaphore free takes it by a cmpxchg. Otherwise it announces itself, and a reader that is not in by then
    /// waits. With one reader: the writer first (1), the reader first and out before the attempt (1), or in between: the writer's attempt
    /// while it is read, then its announcement and the end of the read section in either order (2). Together 4.
    /// </summary>
    [Fact]
    public void DownWrite_AndAReader_HaveFourOrders() =>
        HandCounted.Count(4, HandCounted.Under(NewSemaphore, DownWriteSection, ReadSemaphore));

    /// <summary>The wait ends only after the write: 1.</summary>
    [Fact]
    public void Wait_ForTheOnlyWrite_HasOnePlace() => HandCounted.Count(1, HandCounted.On(Zero, Write(0, 1), WaitEqual(0, 1)));

    /// <summary>x is 1, 0, 1: the wait ends in the first period or in the second.</summary>
    [Fact]
    public void Wait_ForAValueThatComesAndGoes_EndsInEitherPeriod() => HandCounted.Count(2, HandCounted.On(Zero, Write(0, 1, 0, 1), WaitEqual(0, 1)));

    /// <summary>x is 1, 2, 3: a wait for anything but 0 ends after any of the three writes.</summary>
    [Fact]
    public void Wait_ForAChange_EndsAfterAnyWrite() => HandCounted.Count(3, HandCounted.On(Zero, Write(0, 1, 2, 3), WaitNotEqual(0, 0)));

    /// <summary>+1 and -1 commute: the wait for 0 stands before both or after both.</summary>
    [Fact]
    public void Wait_ForASumOfAdditions_EndsBeforeAllOrAfterAll() =>
        HandCounted.Count(2, HandCounted.On(Zero, Add(0, 1), Add(0, -1), WaitEqual(0, 0)));

    /// <summary>
    /// x |= 2 and x |= 1 commute; later x &amp;= ~2. The wait for 1 stands before the 2 (1), or at the end: there the 1 is set before the
    /// 2 is cleared or after it (2).
    /// </summary>
    [Fact]
    public void Wait_ForBits_EndsBeforeAnotherBitIsSetAndAfterItIsCleared() =>
        HandCounted.Count(3, HandCounted.On(Zero, SetAndClear, SetBit, WaitEqual(0, 1)));

    /// <summary>The wait ends before the awaited word is written or after it, and what it goes on to write, plainly, a walker reads before or after: 2 * 2.</summary>
    [Fact]
    public void Wait_ThatGoesOnToAPlainWrite_RacesByItToo() => HandCounted.Count(
        4,
        HandCounted.On(Zeros, WaitThenWrite, Walk, async (cpu, words) => await cpu.WriteOnce(words[0], 1)));

    /// <summary>Two take one each, in either order, the first of them before the second one is put or after it: 2 * 2.</summary>
    [Fact]
    public void Down_OfTwo_HasFourOrders() => HandCounted.Count(4, HandCounted.On(Zero, UpTwice, Down, Down));

    /// <summary>One completes: 1. Two complete, in 2 orders, and the waiter goes on after the first or after both: 4.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 4)]
    public void Completion_IsWaitedForUntilTheFirst(int completers, long executions) =>
        HandCounted.Count(executions, HandCounted.Under(m => new Completion(m, "done"), [WaitFor, .. Enumerable.Repeat<Func<Cpu, Completion, Coroutine>>(Complete, completers)]));

    /// <summary>Two messages in two orders; the first is received before the second is sent or after it: 2 * 2.</summary>
    [Fact]
    public void Mailbox_WithTwoSenders_HasFourExecutions() => HandCounted.Count(
        4,
        HandCounted.Under(m => new Mailbox<int>(m, "manager"), ReceiveTwice, (cpu, box) => box.Send(cpu, 1), (cpu, box) => box.Send(cpu, 2)));

    /// <summary>One message for two that wait for one: either gets it, and the other is idle at the end.</summary>
    [Fact]
    public void Mailbox_WithTwoReceivers_EitherReceives() => HandCounted.Count(
        2,
        HandCounted.Under(m => new Mailbox<int>(m, "manager"), Receive, Receive, (cpu, box) => box.Send(cpu, 1)));

    /// <summary>
    /// The reader enters before the grace period changes the index: the last wait is for it, and leaving commutes with the change (1). Or it
    /// enters after the change, by the new index, which is not waited for any more (1).
    /// </summary>
    [Fact]
    public void GracePeriod_AndAReader_HaveTwoExecutions() =>
        HandCounted.Count(2, HandCounted.Under(m => new Srcu(m), (cpu, srcu) => cpu.SynchronizeSrcu(srcu), SrcuSection));

    /// <summary>The loop sees 1 at once (1), or it sees 0 and retries when the word has changed (1).</summary>
    [Fact]
    public void Retry_UntilAWordChanges_EndsAtOnceOrAfterOneRetry() => HandCounted.Count(2, HandCounted.On(Zero, Write(0, 1), RetryUntil(0, 1)));

    /// <summary>
    /// The word is 2, then 1. Each look sees 0, 2 or 1, later ones no earlier value, and a retry waits for a change. Looks and what stands
    /// between them, R for the retry: 1 at once. 2 R 1. 0 R 2 R 1. 0 R 1, the retry before the last write or after it: 2. Together 5.
    /// </summary>
    [Fact]
    public void Retry_WhileAWordChangesTwice_HasFiveExecutions() => HandCounted.Count(5, HandCounted.On(Zero, Write(0, 2, 1), RetryUntil(0, 1)));

    /// <summary>Whoever waits for the others comes last, and what it reads is no race: 3! orders of the writes.</summary>
    [Fact]
    public void WaitForOthers_ComesLast() => HandCounted.Count(6, new TestProgram(machine =>
    {
        Word word = machine.Memory.Allocate("words", 1, BlockKind.Static)[0];
        word.Initialise(0);
        machine.SpawnAfterOthers("epilogue", async cpu => await cpu.ReadOnce(word));
        for (int i = 0; i < 3; i++)
        {
            machine.Spawn("writer", cpu => Programs.Write(cpu, word, 1));
        }
    }));

    private static SpinLock NewSpinLock(Multiprocessor machine) => new(machine, LockClasses.MmuLock);

    private static RwLock NewRwLock(Multiprocessor machine) => new(machine, LockClasses.MmuLock);

    private static RwSemaphore NewSemaphore(Multiprocessor machine) => new(machine, LockClasses.MmapLock);

    private static async Coroutine Section(Cpu cpu, SpinLock target)
    {
        await cpu.Lock(target);
        await cpu.Unlock(target);
    }

    private static async Coroutine WriteSection(Cpu cpu, RwLock target)
    {
        await cpu.Lock(target);
        await cpu.Unlock(target);
    }

    private static async Coroutine ReadSection(Cpu cpu, RwLock target)
    {
        await cpu.ReadLock(target);
        await cpu.ReadUnlock(target);
    }

    private static async Coroutine DownWriteSection(Cpu cpu, RwSemaphore target)
    {
        await target.DownWrite(cpu);
        await cpu.Unlock(target);
    }

    private static async Coroutine ReadSemaphore(Cpu cpu, RwSemaphore target)
    {
        await cpu.ReadLock(target);
        await cpu.ReadUnlock(target);
    }

    private static Func<Cpu, Block, Coroutine> Write(int index, params ulong[] values) => async (cpu, words) =>
    {
        foreach (ulong value in values)
        {
            await cpu.WriteOnce(words[index], value);
        }
    };

    private static Func<Cpu, Block, Coroutine> WaitEqual(int index, ulong value) => async (cpu, words) => await cpu.WaitUntilEqual(words[index], value);

    private static Func<Cpu, Block, Coroutine> WaitNotEqual(int index, ulong value) => async (cpu, words) => await cpu.WaitUntilNotEqual(words[index], value);

    private static Func<Cpu, Block, Coroutine> Add(int index, long value) => async (cpu, words) => await cpu.AtomicAdd(words[index], value);

    private static async Coroutine SetAndClear(Cpu cpu, Block words)
    {
        await cpu.AtomicOr(words[0], 2);
        await cpu.FetchAndNot(words[0], 2);
    }

    private static async Coroutine SetBit(Cpu cpu, Block words) => await cpu.AtomicOr(words[0], 1);

    private static async Coroutine WaitThenWrite(Cpu cpu, Block words)
    {
        await cpu.WaitUntilNotEqual(words[0], 2);
        cpu.Write(words[1], 2);
    }

    private static async Coroutine Walk(Cpu cpu, Block words) => await cpu.HardwareRead(words[1]);

    private static async Coroutine UpTwice(Cpu cpu, Block words)
    {
        await cpu.AtomicAdd(words[0], 1);
        await cpu.AtomicAdd(words[0], 1);
    }

    private static async Coroutine Down(Cpu cpu, Block words) => await cpu.Down(words[0]);

    private static async Coroutine WaitFor(Cpu cpu, Completion done) => await done.Wait(cpu);

    private static async Coroutine Complete(Cpu cpu, Completion done) => await done.CompleteAll(cpu);

    private static async Coroutine Receive(Cpu cpu, Mailbox<int> mailbox) => await mailbox.Receive(cpu);

    private static async Coroutine ReceiveTwice(Cpu cpu, Mailbox<int> mailbox)
    {
        await mailbox.Receive(cpu);
        await mailbox.Receive(cpu);
    }

    private static async Coroutine SrcuSection(Cpu cpu, Srcu srcu)
    {
        ulong index = await cpu.SrcuReadLock(srcu);
        await cpu.SrcuReadUnlock(srcu, index);
    }

    private static Func<Cpu, Block, Coroutine> RetryUntil(int index, ulong value) => async (cpu, words) =>
    {
        while (await cpu.ReadOnce(words[index]) != value)
        {
            await cpu.CondResched();
        }
    };
}
