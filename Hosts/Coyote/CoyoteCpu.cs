using System.Runtime.CompilerServices;
using Microsoft.Coyote.Random;
using Microsoft.Coyote.Runtime;
using MmuStress.Explorer;
using MmuStress.Machine;

namespace MmuStress.Hosts;

/// <summary>A CPU that is an operation of Coyote's: every marked access is a scheduling point, every wait one that Coyote knows the condition of.</summary>
/// <remarks>
/// <b>Guarantee.</b> An operation is performed in one go after the last scheduling point in it, as it is under our own explorer: Coyote runs one
/// operation at a time, and nothing between two scheduling points is one. So every await completes synchronously, and the CPU keeps its thread.
/// Barriers and plain accesses are no scheduling points; the race detector knows them.
/// </remarks>
public sealed class CoyoteCpu : Cpu
{
    private readonly CoyoteMachine machine;
    private readonly Generator chance;
    private readonly Func<bool> canGoOn;
    private Wait waitingFor;
    private Word awaited;
    private ulong awaitedValue;

    internal CoyoteCpu(CoyoteMachine machine, int id, string name, Generator chance)
        : base(machine, id, name)
    {
        this.machine = machine;
        this.chance = chance;
        canGoOn = CanGoOn;
    }

    private enum Wait
    {
        Nothing,
        FreeLock,
        AdmittedReader,
        Equal,
        NotEqual,
        NotZero,
    }

    /// <summary>Whether it waits, and what it waits for has not come.</summary>
    internal bool IsWaiting => waitingFor != Wait.Nothing && !CanGoOn();

    /// <inheritdoc/>
    public override Step ReadOnce(Word word, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Arrive(word);
        Check(machine.Order.MarkedRead(Id, word.Block, word.Index, isAcquire: false, isHardware: false), word, "reads", file, line);
        return new(ValueAt(word));
    }

    /// <inheritdoc/>
    public override Step HardwareRead(Word word, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Arrive(word);
        machine.Order.MarkedRead(Id, word.Block, word.Index, isAcquire: true, isHardware: true); // never part of a race
        return new(ValueAt(word));
    }

    /// <inheritdoc/>
    public override Step WriteOnce(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Arrive(word);
        Check(machine.Order.MarkedWrite(Id, word.Block, word.Index, isRelease: false), word, "writes", file, line);
        ValueAt(word) = value;
        return default;
    }

    /// <inheritdoc/>
    public override Step LoadAcquire(Word word, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Arrive(word);
        Check(machine.Order.MarkedRead(Id, word.Block, word.Index, isAcquire: true, isHardware: false), word, "reads", file, line);
        return new(ValueAt(word));
    }

    /// <inheritdoc/>
    public override Step StoreRelease(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Arrive(word);
        Check(machine.Order.MarkedWrite(Id, word.Block, word.Index, isRelease: true), word, "writes", file, line);
        ValueAt(word) = value;
        return default;
    }

    /// <inheritdoc/>
    public override Step Xchg(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ref ulong location = ref Atomically(word, file, line);
        ulong before = location;
        location = value;
        return new(before);
    }

    /// <inheritdoc/>
    public override Step CmpXchg(Word word, ulong expected, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Arrive(word);
        ulong before = ValueAt(word);
        bool succeeds = before == expected;
        int race = succeeds
            ? machine.Order.ReadModifyWrite(Id, word.Block, word.Index)
            : machine.Order.MarkedRead(Id, word.Block, word.Index, isAcquire: true, isHardware: false); // a failed one publishes nothing
        Check(race, word, succeeds ? "writes" : "reads", file, line);
        if (succeeds)
        {
            ValueAt(word) = value;
        }

        return new(before);
    }

    /// <inheritdoc/>
    public override Step AddReturn(Word word, long delta, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new(Atomically(word, file, line) += (ulong)delta);

    /// <inheritdoc/>
    public override Step FetchOr(Word word, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ref ulong location = ref Atomically(word, file, line);
        ulong before = location;
        location |= bits;
        return new(before);
    }

    /// <inheritdoc/>
    public override Step FetchAndNot(Word word, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ref ulong location = ref Atomically(word, file, line);
        ulong before = location;
        location &= ~bits;
        return new(before);
    }

    /// <inheritdoc/>
    public override Step AtomicAdd(Word word, long delta, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Arrive(word);
        Check(machine.Order.RelaxedReadModifyWrite(Id, word.Block, word.Index), word, "writes", file, line);
        ValueAt(word) += (ulong)delta;
        return default;
    }

    /// <inheritdoc/>
    public override Step AtomicOr(Word word, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Arrive(word);
        Check(machine.Order.RelaxedReadModifyWrite(Id, word.Block, word.Index), word, "writes", file, line);
        ValueAt(word) |= bits;
        return default;
    }

    /// <inheritdoc/>
    public override Step Rmb([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        machine.Order.ReadBarrier(Id);
        return default;
    }

    /// <inheritdoc/>
    public override Step Wmb([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        machine.Order.WriteBarrier(Id);
        return default;
    }

    /// <inheritdoc/>
    public override Step Mb([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        machine.Order.ReadBarrier(Id);
        machine.Order.WriteBarrier(Id);
        return default;
    }

    /// <inheritdoc/>
    public override Step WaitUntilEqual(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        WaitFor(Wait.Equal, word, value);
        machine.Order.Acquire(Id, word.Block, word.Index);
        return new(ValueAt(word));
    }

    /// <inheritdoc/>
    public override Step WaitUntilNotEqual(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        WaitFor(Wait.NotEqual, word, value);
        machine.Order.Acquire(Id, word.Block, word.Index);
        return new(ValueAt(word));
    }

    /// <inheritdoc/>
    public override Step Down(Word word, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        WaitFor(Wait.NotZero, word, 0);
        Check(machine.Order.ReadModifyWrite(Id, word.Block, word.Index), word, "writes", file, line);
        return new(ValueAt(word)--);
    }

    /// <inheritdoc/>
    public override Step Lock(Lock target, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Held.BeforeAcquire(target);
        WaitFor(Wait.FreeLock, target.State, 0);
        machine.Order.Acquire(Id, target.State.Block, target.State.Index);
        ValueAt(target.State) |= MmuStress.Machine.Lock.OwnerBits(this);
        Held.Acquired(target, isShared: false);
        return default;
    }

    /// <inheritdoc/>
    public override Step Unlock(Lock target, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Arrive(target.State);
        if (Held.Release(target, isShared: false))
        {
            ValueAt(target.State) -= MmuStress.Machine.Lock.OwnerBits(this); // a waiting writer may be counted in the same word
        }

        machine.Order.Release(Id, target.State.Block, target.State.Index);
        return default;
    }

    /// <inheritdoc/>
    public override Step ReadLock(SharedLock target, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Held.BeforeAcquire(target);
        WaitFor(Wait.AdmittedReader, target.State, 0);
        machine.Order.AcquireShared(Id, target.State.Block, target.State.Index);
        ValueAt(target.State) += MmuStress.Machine.Lock.OneReader;
        Held.Acquired(target, isShared: true);
        return default;
    }

    /// <inheritdoc/>
    public override Step ReadUnlock(SharedLock target, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Arrive(target.State);
        if (Held.Release(target, isShared: true))
        {
            ValueAt(target.State) -= MmuStress.Machine.Lock.OneReader;
        }

        machine.Order.ReleaseShared(Id, target.State.Block, target.State.Index);
        return default;
    }

    /// <inheritdoc/>
    public override Step SrcuReadLock(Srcu domain, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Arrive(domain.Index);
        ulong index = ValueAt(domain.Index);
        ValueAt(domain.Counter(this, index))++;
        machine.Order.Acquire(Id, domain.Index.Block, domain.Index.Index);
        Held.EnterSrcu();
        return new(index);
    }

    /// <inheritdoc/>
    public override Step SrcuReadUnlock(Srcu domain, ulong index, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Word counter = domain.Counter(this, index);
        Arrive(counter);
        if (Held.LeaveSrcu())
        {
            ValueAt(counter)--;
        }

        machine.Order.Release(Id, counter.Block, counter.Index);
        return default;
    }

    /// <inheritdoc/>
    public override Step CondResched([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Held.AssertMaySleep("schedule");
        machine.CountStep();
        SchedulingPoint.Yield();
        return default;
    }

    /// <inheritdoc/>
    public override Step Choose(int alternatives, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(alternatives);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(alternatives, 255);
        return new(alternatives == 1 ? 0 : (ulong)chance.NextInteger(alternatives));
    }

    /// <inheritdoc/>
    public override ulong Read(Word word, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        CheckAlive(word.Block);
        Check(machine.Order.PlainRead(Id, word.Block, word.Index), word, "reads", file, line);
        return ValueAt(word);
    }

    /// <inheritdoc/>
    public override void Write(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        CheckAlive(word.Block);
        Check(machine.Order.PlainWrite(Id, word.Block, word.Index), word, "writes", file, line);
        ValueAt(word) = value;
    }

    /// <inheritdoc/>
    public override void Fill(Block block, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        CheckAlive(block);
        Check(machine.Order.Fill(Id, block), block[0], "fills", file, line);
        block.Fill(value);
    }

    /// <summary>What it waits for, for people.</summary>
    internal string DescribeWait()
    {
        string where = awaited.ToString();
        return waitingFor switch
        {
            Wait.FreeLock or Wait.AdmittedReader => MmuStress.Machine.Lock.OwnerOf(ValueAt(awaited)) is var owner and >= 0
                ? $"{where}, held by {machine.NameOf(owner)}"
                : $"{where}, held by readers or behind a writer that waits",
            Wait.Equal => $"{where} to become {awaitedValue} (it is {ValueAt(awaited)})",
            Wait.NotEqual => $"{where} to change from {awaitedValue}",
            _ => where,
        };
    }

    /// <inheritdoc/>
    protected override bool TryPerform() => throw new InvalidOperationException("a step under Coyote keeps its thread and is never suspended");

    /// <inheritdoc/>
    protected override void Park(Resumable continuation) => throw new InvalidOperationException("a step under Coyote keeps its thread and is never suspended");

    private static ref ulong ValueAt(Word word) => ref word.Block.Words[word.Index];

    private void Arrive(Word word)
    {
        machine.CountStep();
        SchedulingPoint.Interleave();
        CheckAlive(word.Block);
    }

    private ref ulong Atomically(Word word, string file, int line)
    {
        Arrive(word);
        Check(machine.Order.ReadModifyWrite(Id, word.Block, word.Index), word, "writes", file, line);
        return ref ValueAt(word);
    }

    // When it returns nobody has run since the condition was seen to hold.
    private void WaitFor(Wait wait, Word word, ulong value)
    {
        machine.CountStep();
        waitingFor = wait;
        awaited = word;
        awaitedValue = value;
        SchedulingPoint.Interleave();
        Microsoft.Coyote.Runtime.Operation.PauseUntil(canGoOn);
        waitingFor = Wait.Nothing;
        if (machine.IsOver)
        {
            throw new MachineStoppedException(); // it waited for a message, and nobody is left to send one
        }

        CheckAlive(word.Block);
    }

    private bool CanGoOn()
    {
        ulong now = ValueAt(awaited);
        return waitingFor switch
        {
            Wait.FreeLock => MmuStress.Machine.Lock.IsFree(now),
            Wait.AdmittedReader => MmuStress.Machine.Lock.AdmitsReader(now),
            Wait.Equal => now == awaitedValue,
            Wait.NotEqual => now != awaitedValue,
            _ => now != 0 || machine.IsOver,
        };
    }

    private void CheckAlive(Block block)
    {
        if (block.IsFreed)
        {
            Fail(block.Kind.UseAfterFree, $"{Name} uses {block.Name} ({block.Kind.Name}), which is freed", "use after free");
        }
    }

    private void Check(int race, Word word, string verb, string file, int line)
    {
        if (race >= 0)
        {
            Fail(MachineInvariants.NoDataRace, $"{Name} {verb} {word} at {file.TrimStart('/')}:{line}, unordered with {machine.NameOf(race)}'s access", "data race");
        }
    }
}
