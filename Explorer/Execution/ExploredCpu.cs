using System.Runtime.CompilerServices;
using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>A CPU under the explorer: an operation is announced, decided upon, and performed when the CPU is chosen.</summary>
public class ExploredCpu : Cpu
{
    private readonly ExploredMachine machine;
    private Func<Cpu, Coroutine> body = null!;
    private Coroutine call;
    private Resumable? parked;
    private bool isStarted;

    internal ExploredCpu(ExploredMachine machine, int id)
        : base(machine, id, "")
    {
        this.machine = machine;
        Pending = default;
    }

    /// <summary>Whether the atomic that it is about to perform does not order anything.</summary>
    internal virtual bool IsRelaxed => false;

    /// <summary>What it is about to do.</summary>
    public Operation Pending;

    /// <summary>What it has read since its last retry; only for an exhaustive search.</summary>
    internal SeenWords Seen { get; } = new();

    /// <summary>Whether its body has returned.</summary>
    public bool HasReturned { get; private set; }

    /// <summary>The source file of the pending operation; known only while tracing.</summary>
    internal string File { get; private set; } = "";

    /// <summary>The source line of the pending operation; known only while tracing.</summary>
    internal int Line { get; private set; }

    /// <inheritdoc/>
    public override Step ReadOnce(Word word, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Announce(OperationKind.ReadOnce, word, 0, 0, file, line);

    /// <inheritdoc/>
    public override Step HardwareRead(Word word, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Announce(OperationKind.HardwareRead, word, 0, 0, file, line);

    /// <inheritdoc/>
    public override Step WriteOnce(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Announce(OperationKind.WriteOnce, word, value, 0, file, line);

    /// <inheritdoc/>
    public override Step LoadAcquire(Word word, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Announce(OperationKind.LoadAcquire, word, 0, 0, file, line);

    /// <inheritdoc/>
    public override Step StoreRelease(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Announce(OperationKind.StoreRelease, word, value, 0, file, line);

    /// <inheritdoc/>
    public override Step Xchg(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Announce(OperationKind.Xchg, word, value, 0, file, line);

    /// <inheritdoc/>
    public override Step CmpXchg(Word word, ulong expected, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Announce(OperationKind.CmpXchg, word, expected, value, file, line);

    /// <inheritdoc/>
    public override Step AddReturn(Word word, long delta, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Announce(OperationKind.AddReturn, word, (ulong)delta, 0, file, line);

    /// <inheritdoc/>
    public override Step FetchOr(Word word, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Announce(OperationKind.FetchOr, word, bits, 0, file, line);

    /// <inheritdoc/>
    public override Step FetchAndNot(Word word, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Announce(OperationKind.FetchAndNot, word, bits, 0, file, line);

    /// <inheritdoc/>
    public override Step AtomicAdd(Word word, long delta, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Announce(OperationKind.AtomicAdd, word, (ulong)delta, 0, file, line);

    /// <inheritdoc/>
    public override Step AtomicOr(Word word, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Announce(OperationKind.AtomicOr, word, bits, 0, file, line);

    /// <inheritdoc/>
    /// <remarks>A barrier does nothing that another CPU could see by itself, so it is no step.</remarks>
    public override Step Rmb([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        machine.Order.ReadBarrier(Id);
        machine.Weak?.ReadBarrier(Id);
        return default;
    }

    /// <inheritdoc/>
    public override Step Wmb([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        machine.Order.WriteBarrier(Id);
        machine.Weak?.WriteBarrier(Id);
        return default;
    }

    /// <inheritdoc/>
    public override Step Mb([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        machine.Order.ReadBarrier(Id);
        machine.Order.WriteBarrier(Id);
        machine.Weak?.FullBarrier(Id);
        return default;
    }

    /// <inheritdoc/>
    public override Step WaitUntilEqual(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Announce(OperationKind.WaitUntilEqual, word, value, 0, file, line);

    /// <inheritdoc/>
    public override Step WaitUntilNotEqual(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Announce(OperationKind.WaitUntilNotEqual, word, value, 0, file, line);

    /// <inheritdoc/>
    public override Step Down(Word word, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Announce(OperationKind.Down, word, 0, 0, file, line);

    /// <inheritdoc/>
    public override Step Lock(Lock target, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Held.BeforeAcquire(target);
        Pending.Subject = target;
        return Announce(OperationKind.Lock, target.State, 0, 0, file, line);
    }

    /// <inheritdoc/>
    public override Step Unlock(Lock target, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Pending.Subject = target;
        return Announce(OperationKind.Unlock, target.State, 0, 0, file, line);
    }

    /// <inheritdoc/>
    public override Step ReadLock(SharedLock target, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Held.BeforeAcquire(target);
        Pending.Subject = target;
        return Announce(OperationKind.ReadLock, target.State, 0, 0, file, line);
    }

    /// <inheritdoc/>
    public override Step ReadUnlock(SharedLock target, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Pending.Subject = target;
        return Announce(OperationKind.ReadUnlock, target.State, 0, 0, file, line);
    }

    /// <inheritdoc/>
    public override Step SrcuReadLock(Srcu domain, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Pending.Subject = domain;
        return Announce(OperationKind.SrcuReadLock, domain.Index, 0, 0, file, line);
    }

    /// <inheritdoc/>
    public override Step SrcuReadUnlock(Srcu domain, ulong index, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Pending.Subject = domain;
        return Announce(OperationKind.SrcuReadUnlock, domain.Counter(this, index), index, 0, file, line);
    }

    /// <inheritdoc/>
    public override Step CondResched([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Held.AssertMaySleep("schedule");
        return Announce(OperationKind.CondResched, default, 0, 0, file, line);
    }

    /// <inheritdoc/>
    public override Step Choose(int alternatives, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(alternatives);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(alternatives, 255);
        ulong value = machine.ChooseValue(alternatives);
        machine.Symmetry?.Note(Id, null, 0, (int)OperationKind.None, value);
        return new(value);
    }

    /// <inheritdoc/>
    public override ulong Read(Word word, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        CheckAlive(word.Block);
        if (machine.Footprints is { } footprints)
        {
            footprints.PlainRead(word.Block, word.Index);
            machine.Symmetry?.Note(Id, word.Block, word.Index, (int)OperationKind.None, word.Block.Words[word.Index]);
            Seen.Add(word.Block, word.Index, word.Block.Words[word.Index], isRead: true);
        }

        int other = machine.Order.PlainRead(Id, word.Block, word.Index);
        if (other >= 0)
        {
            ReportRace(word.Block, word.Index, other, "reads", file, line);
        }

        return word.Block.Words[word.Index];
    }

    /// <inheritdoc/>
    public override void Write(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        CheckAlive(word.Block);
        if (machine.Footprints is { } footprints)
        {
            footprints.PlainWrite(word.Block, word.Index);
            Seen.Add(word.Block, word.Index, value, isRead: false);
        }

        machine.Symmetry?.Note(Id, word.Block, word.Index, (int)OperationKind.None, value, 1);
        int other = machine.Order.PlainWrite(Id, word.Block, word.Index);
        if (other >= 0)
        {
            ReportRace(word.Block, word.Index, other, "writes", file, line);
        }

        if (machine.Weak is null)
        {
            word.Block.Words[word.Index] = value;
        }
        else
        {
            machine.Weak.PlainWrite(Id, word.Block, word.Index, value);
        }
    }

    /// <inheritdoc/>
    public override void Fill(Block block, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        CheckAlive(block);
        machine.Footprints?.Fill(block);
        machine.Symmetry?.Note(Id, block, -1, (int)OperationKind.None, value, 1);
        int other = machine.Order.Fill(Id, block);
        if (other >= 0)
        {
            ReportRace(block, 0, other, "fills", file, line);
        }

        if (machine.Weak is null)
        {
            block.Fill(value);
        }
        else
        {
            machine.Weak.Fill(Id, block, value);
            if (IsTracing)
            {
                machine.Record(this, null, 0, $"  memset({block.Name}, {value})"); // others may see what was there before
            }
        }
    }

    /// <summary>Runs on from where the CPU is suspended, or from its start.</summary>
    public void Resume()
    {
        if (isStarted)
        {
            Resumable continuation = parked!;
            parked = null;
            continuation.Resume();
            return;
        }

        isStarted = true;
        call = body(this);
        if (call.IsCompleted)
        {
            HasReturned = true;
        }
        else
        {
            call.WhenFinished(new Returned(this));
        }
    }

    internal virtual void Begin(string name, Func<Cpu, Coroutine> newBody, OperationKind first)
    {
        Name = name;
        body = newBody;
        call = default;
        parked = null;
        isStarted = false;
        HasReturned = false;
        IsIdle = false;
        Held.Clear();
        Seen.Clear();
        Pending.Kind = first; // field by field, as copying references costs more than forgetting them
        Pending.Block = null;
        Pending.Index = 0;
        Pending.A = 0;
        Pending.B = 0;
        Pending.Subject = null;
    }

    /// <summary>Whether something that it read since its last retry holds another value by now.</summary>
    internal bool SeesChange() => Seen.HasChanged();

    internal void SetTracing(bool isTracing)
    {
        IsTracing = isTracing;
        if (isTracing)
        {
            File = ""; // the place that an earlier run reached
            Line = 0;
        }
    }

    /// <summary>Ends the body's await and checks what is left behind; rethrows what the body threw.</summary>
    internal void Finish()
    {
        Pending.Kind = OperationKind.None;
        call.GetResult();
        Held.AssertNone();
    }

    /// <summary>Performs the pending operation on memory.</summary>
    internal void Perform()
    {
        ref Operation op = ref Pending;
        Block? block = op.Block;
        if (block is null)
        {
            machine.Symmetry?.Note(Id, null, 0, (int)op.Kind, 0);
            if (op.Kind == OperationKind.WaitForOthers)
            {
                machine.Order.JoinAll(Id);
                machine.Weak?.JoinAll(Id);
            }
            else if (op.Kind == OperationKind.CondResched)
            {
                Seen.Clear();
            }

            if (IsTracing)
            {
                machine.Record(this, op.ToString(), 0, null);
            }

            return;
        }

        if (block.IsFreed)
        {
            CheckAlive(block);
        }

        if (machine.Weak is { } weak)
        {
            PerformWeakly(weak, ref op);
            return;
        }

        ref ulong word = ref block.Words[op.Index];
        HappensBefore order = machine.Order;
        int race = -1;
        switch (op.Kind)
        {
            case OperationKind.ReadOnce:
                race = order.MarkedRead(Id, block, op.Index, isAcquire: false, isHardware: false);
                Result = word;
                break;
            case OperationKind.HardwareRead:
                race = order.MarkedRead(Id, block, op.Index, isAcquire: true, isHardware: true);
                Result = word;
                break;
            case OperationKind.LoadAcquire:
                race = order.MarkedRead(Id, block, op.Index, isAcquire: true, isHardware: false);
                Result = word;
                break;
            case OperationKind.WriteOnce:
                race = order.MarkedWrite(Id, block, op.Index, isRelease: false);
                word = op.A;
                Result = 0;
                break;
            case OperationKind.StoreRelease:
                race = order.MarkedWrite(Id, block, op.Index, isRelease: true);
                word = op.A;
                Result = 0;
                break;
            case OperationKind.Xchg:
                race = order.ReadModifyWrite(Id, block, op.Index);
                Result = word;
                word = op.A;
                break;
            case OperationKind.CmpXchg:
                Result = word;
                if (word == op.A)
                {
                    race = order.ReadModifyWrite(Id, block, op.Index);
                    word = op.B;
                }
                else
                {
                    race = order.MarkedRead(Id, block, op.Index, isAcquire: true, isHardware: false); // a failed one publishes nothing
                }

                break;
            case OperationKind.AddReturn:
                race = order.ReadModifyWrite(Id, block, op.Index);
                word += op.A;
                Result = word;
                break;
            case OperationKind.FetchOr:
                race = order.ReadModifyWrite(Id, block, op.Index);
                Result = word;
                word |= op.A;
                break;
            case OperationKind.FetchAndNot:
                race = order.ReadModifyWrite(Id, block, op.Index);
                Result = word;
                word &= ~op.A;
                break;
            case OperationKind.AtomicAdd:
                race = order.RelaxedReadModifyWrite(Id, block, op.Index);
                word += op.A;
                Result = 0;
                break;
            case OperationKind.AtomicOr:
                race = order.RelaxedReadModifyWrite(Id, block, op.Index);
                word |= op.A;
                Result = 0;
                break;
            case OperationKind.Down:
                race = order.ReadModifyWrite(Id, block, op.Index);
                Result = word;
                word--;
                break;
            case OperationKind.WaitUntilEqual:
            case OperationKind.WaitUntilNotEqual:
                order.Acquire(Id, block, op.Index);
                Result = word;
                break;
            case OperationKind.Lock:
                order.Acquire(Id, block, op.Index);
                word |= (ulong)Id + 1;
                Held.Acquired(Unsafe.As<Lock>(op.Subject!), isShared: false);
                Result = 0;
                break;
            case OperationKind.Unlock:
                if (Held.Release(Unsafe.As<Lock>(op.Subject!), isShared: false))
                {
                    word -= (ulong)Id + 1;
                }

                order.Release(Id, block, op.Index);
                Result = 0;
                break;
            case OperationKind.ReadLock:
                order.AcquireShared(Id, block, op.Index);
                word += MmuStress.Machine.Lock.OneReader;
                Held.Acquired(Unsafe.As<Lock>(op.Subject!), isShared: true);
                Result = 0;
                break;
            case OperationKind.ReadUnlock:
                if (Held.Release(Unsafe.As<Lock>(op.Subject!), isShared: true))
                {
                    word -= MmuStress.Machine.Lock.OneReader;
                }

                order.ReleaseShared(Id, block, op.Index);
                Result = 0;
                break;
            case OperationKind.SrcuReadLock:
                PerformSrcuReadLock(ref op, word);
                break;
            case OperationKind.SrcuReadUnlock:
                if (Held.LeaveSrcu())
                {
                    word--;
                }

                order.Release(Id, block, op.Index);
                Result = 0;
                break;
            default:
                throw new InvalidOperationException($"{op.Kind} has no location");
        }

        if (race >= 0)
        {
            ReportRace(block, op.Index, race, op.IsRead ? "reads" : "writes", File, Line);
        }

        machine.Symmetry?.Note(Id, block, op.Index, (int)op.Kind, op.A, op.B, Result);
        if (machine.Footprints is not null && op.Kind < OperationKind.Unlock)
        {
            bool isRead = op.Kind is OperationKind.ReadOnce or OperationKind.HardwareRead or OperationKind.LoadAcquire;
            Seen.Add(block, op.Index, block.Words[op.Index], isRead);
        }

        if (IsTracing)
        {
            machine.Record(this, op.ToString(), op.Kind is OperationKind.WriteOnce or OperationKind.StoreRelease or OperationKind.AtomicAdd or OperationKind.AtomicOr ? op.A : Result, null);
        }
    }

    /// <inheritdoc/>
    protected override bool TryPerform() => machine.Arrive(this);

    /// <inheritdoc/>
    protected override void Park(Resumable continuation) => parked = continuation;

    /// <inheritdoc/>
    protected override void OnLog(string text) => machine.Record(this, null, 0, text);

    private void PerformWeakly(GraphMemory memory, ref Operation op)
    {
        int race = -1;
        switch (op.Kind)
        {
            case OperationKind.Unlock:
                memory.Release(Id, op, Held.Release(Unsafe.As<Lock>(op.Subject!), isShared: false));
                Result = 0;
                break;
            case OperationKind.ReadUnlock:
                memory.Release(Id, op, Held.Release(Unsafe.As<Lock>(op.Subject!), isShared: true));
                Result = 0;
                break;
            case OperationKind.SrcuReadUnlock:
                memory.Release(Id, op, Held.LeaveSrcu());
                Result = 0;
                break;
            default:
                Result = memory.Perform(Id, op, out race);
                break;
        }

        switch (op.Kind)
        {
            case OperationKind.Lock:
            case OperationKind.ReadLock:
                Held.Acquired(Unsafe.As<Lock>(op.Subject!), isShared: op.Kind == OperationKind.ReadLock);
                break;
            case OperationKind.SrcuReadLock:
                Held.EnterSrcu();
                break;
            default:
                break;
        }

        if (race >= 0)
        {
            ReportRace(op.Block!, op.Index, race, op.IsRead ? "reads" : "writes", File, Line);
        }

        if (IsTracing)
        {
            machine.Record(this, op.ToString(), op.Kind is OperationKind.WriteOnce or OperationKind.StoreRelease or OperationKind.AtomicAdd or OperationKind.AtomicOr ? op.A : Result, null);
        }
    }

    private Step Announce(OperationKind kind, Word word, ulong a, ulong b, string file, int line)
    {
        Pending.Kind = kind;
        if (!ReferenceEquals(Pending.Block, word.Block))
        {
            Pending.Block = word.Block; // writing a reference costs more than looking at it
        }

        Pending.Index = word.Index;
        Pending.A = a;
        Pending.B = b;
        if (IsTracing)
        {
            File = file;
            Line = line;
        }

        return new Step(this);
    }

    // The index and the counter are one step; the counter is the location that a grace period waits on.
    private void PerformSrcuReadLock(ref Operation op, ulong index)
    {
        Srcu domain = Unsafe.As<Srcu>(op.Subject!);
        Word counter = domain.Counter(this, index);
        counter.Block.Words[counter.Index]++;
        machine.Order.Acquire(Id, op.Block!, op.Index);
        Held.EnterSrcu();
        Result = index;
    }

    private void CheckAlive(Block block)
    {
        if (block.IsFreed)
        {
            Fail(block.Kind.UseAfterFree, $"{Name} uses {block.Name} ({block.Kind.Name}), which is freed", "use after free");
        }
    }

    private void ReportRace(Block block, int index, int other, string verb, string file, int line)
    {
        string where = file.Length == 0 ? "" : $" at {file.TrimStart('/')}:{line}";
        Fail(MachineInvariants.NoDataRace, $"{Name} {verb} {block.NameOf(index)}{where}, unordered with {machine.CpuAt(other).Name}'s access", "data race");
    }

    private sealed class Returned(ExploredCpu cpu) : Resumable
    {
        public override void Resume() => cpu.HasReturned = true;
    }
}
