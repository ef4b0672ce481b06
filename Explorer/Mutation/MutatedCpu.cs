using System.Runtime.CompilerServices;
using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>A CPU that leaves one operation out, or takes down the sites of those that it performs.</summary>
/// <remarks>
/// A lock that is left out counts as held by its CPU, which is what the code and its assertions believe, and is free for everybody else.
/// What is left out is no step; an atomic whose result the code uses becomes a read.
/// </remarks>
internal sealed class MutatedCpu : ExploredCpu
{
    private const ulong NoSection = ulong.MaxValue;

    private readonly ExploredMachine machine;
    private readonly List<Lock> phantoms = [];
    private readonly Dictionary<(Block Block, int Index), ulong> known = []; // what it last read or wrote
    private bool isRelaxed; // the pending atomic
    private Lock? kept;

    public MutatedCpu(ExploredMachine machine, int id)
        : base(machine, id) => this.machine = machine;

    internal override bool IsRelaxed => isRelaxed;

    private Mutant Mutant => machine.Mutant!;

    /// <inheritdoc/>
    public override Step ReadOnce(Word word, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Mutant.Sites?.Read(this, word, file, line);
        return Mutant.LeavesOut(MutationKind.Check, file, line) ? new Step(WhatIsKnownOf(word)) : base.ReadOnce(word, file, line);
    }

    /// <inheritdoc/>
    public override ulong Read(Word word, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Mutant.Sites?.PlainRead(this, word, file, line);
        if (Mutant.LeavesOut(MutationKind.Check, file, line))
        {
            return WhatIsKnownOf(word);
        }

        ulong value = base.Read(word, file, line);
        Know(word, value);
        return value;
    }

    /// <inheritdoc/>
    public override void Write(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        BeforeWrite(word);
        Mutant.Sites?.Written(this, word);
        base.Write(word, value, file, line);
        Know(word, value);
    }

    /// <inheritdoc/>
    public override void Fill(Block block, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        for (int i = 0; Mutant.IsCheck && i < block.Length; i++)
        {
            BeforeWrite(block[i]);
            Know(block[i], value);
        }

        base.Fill(block, value, file, line);
    }

    /// <inheritdoc/>
    public override Step LoadAcquire(Word word, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Mutant.Sites?.Note(this, MutationKind.Ordering, "smp_load_acquire", word, file, line);
        return Mutant.LeavesOut(MutationKind.Ordering, file, line) ? base.ReadOnce(word, file, line) : base.LoadAcquire(word, file, line);
    }

    /// <inheritdoc/>
    public override Step WriteOnce(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        BeforeWrite(word);
        Mutant.Sites?.Write(this, "WRITE_ONCE", word, file, line);
        return Mutant.LeavesOut(MutationKind.Update, file, line) ? default : base.WriteOnce(word, value, file, line);
    }

    /// <inheritdoc/>
    public override Step StoreRelease(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        BeforeWrite(word);
        Mutant.Sites?.Note(this, MutationKind.Ordering, "smp_store_release", word, file, line);
        Mutant.Sites?.Write(this, "smp_store_release", word, file, line);
        if (Mutant.LeavesOut(MutationKind.Update, file, line))
        {
            return default;
        }

        return Mutant.LeavesOut(MutationKind.Ordering, file, line) ? base.WriteOnce(word, value, file, line) : base.StoreRelease(word, value, file, line);
    }

    /// <inheritdoc/>
    public override Step Xchg(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        IsLeftOut("xchg", word, file, line) ? base.ReadOnce(word, file, line) : base.Xchg(word, value, file, line);

    /// <inheritdoc/>
    public override Step CmpXchg(Word word, ulong expected, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        IsLeftOut("cmpxchg", word, file, line) ? base.ReadOnce(word, file, line) : base.CmpXchg(word, expected, value, file, line);

    /// <inheritdoc/>
    public override Step AddReturn(Word word, long delta, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        IsLeftOut("atomic_add_return", word, file, line) ? base.ReadOnce(word, file, line) : base.AddReturn(word, delta, file, line);

    /// <inheritdoc/>
    public override Step FetchOr(Word word, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        IsLeftOut("atomic_fetch_or", word, file, line) ? base.ReadOnce(word, file, line) : base.FetchOr(word, bits, file, line);

    /// <inheritdoc/>
    public override Step FetchAndNot(Word word, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        IsLeftOut("atomic_fetch_andnot", word, file, line) ? base.ReadOnce(word, file, line) : base.FetchAndNot(word, bits, file, line);

    /// <inheritdoc/>
    public override Step AtomicAdd(Word word, long delta, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        BeforeWrite(word);
        Mutant.Sites?.Note(this, MutationKind.Update, "atomic_add", word, file, line);
        return Mutant.LeavesOut(MutationKind.Update, file, line) ? default : base.AtomicAdd(word, delta, file, line);
    }

    /// <inheritdoc/>
    public override Step AtomicOr(Word word, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        BeforeWrite(word);
        Mutant.Sites?.Note(this, MutationKind.Update, "set_bit", word, file, line);
        return Mutant.LeavesOut(MutationKind.Update, file, line) ? default : base.AtomicOr(word, bits, file, line);
    }

    /// <inheritdoc/>
    public override Step Rmb([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Mutant.Sites?.Note(this, MutationKind.ReadBarrier, "smp_rmb", file, line);
        return Mutant.LeavesOut(MutationKind.ReadBarrier, file, line) ? default : base.Rmb(file, line);
    }

    /// <inheritdoc/>
    public override Step Wmb([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Mutant.Sites?.Note(this, MutationKind.WriteBarrier, "smp_wmb", file, line);
        return Mutant.LeavesOut(MutationKind.WriteBarrier, file, line) ? default : base.Wmb(file, line);
    }

    /// <inheritdoc/>
    public override Step Mb([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Mutant.Sites?.Note(this, MutationKind.FullBarrier, "smp_mb", file, line);
        return Mutant.LeavesOut(MutationKind.FullBarrier, file, line) ? default : base.Mb(file, line);
    }

    /// <inheritdoc/>
    public override Step WaitUntilEqual(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Mutant.Sites?.Note(this, MutationKind.Wait, "wait", word, file, line);
        return Mutant.LeavesOut(MutationKind.Wait, file, line) ? base.ReadOnce(word, file, line) : base.WaitUntilEqual(word, value, file, line);
    }

    /// <inheritdoc/>
    public override Step WaitUntilNotEqual(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Mutant.Sites?.Note(this, MutationKind.Wait, "wait", word, file, line);
        return Mutant.LeavesOut(MutationKind.Wait, file, line) ? base.ReadOnce(word, file, line) : base.WaitUntilNotEqual(word, value, file, line);
    }

    /// <inheritdoc/>
    public override Step Lock(Lock target, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Mutant.Sites?.Taken(this, target, isShared: false, file, line);
        return IsLeftOut(target, isShared: false, file, line) ? default : base.Lock(target, file, line);
    }

    /// <inheritdoc/>
    public override Step ReadLock(SharedLock target, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Mutant.Sites?.Taken(this, target, isShared: true, file, line);
        return IsLeftOut(target, isShared: true, file, line) ? default : base.ReadLock(target, file, line);
    }

    /// <inheritdoc/>
    public override Step Unlock(Lock target, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Mutant.Sites?.Given(this, target, file, line);
        return IsGivenByNobody(target, isShared: false, file, line) ? default : base.Unlock(target, file, line);
    }

    /// <inheritdoc/>
    public override Step ReadUnlock(SharedLock target, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Mutant.Sites?.Given(this, target, file, line);
        return IsGivenByNobody(target, isShared: true, file, line) ? default : base.ReadUnlock(target, file, line);
    }

    /// <inheritdoc/>
    public override Step SrcuReadLock(Srcu domain, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Mutant.Sites?.Note(this, MutationKind.Section, "srcu_read_lock", file, line);
        if (!Mutant.LeavesOut(MutationKind.Section, file, line))
        {
            return base.SrcuReadLock(domain, file, line);
        }

        Held.EnterSrcu();
        return new Step(NoSection);
    }

    /// <inheritdoc/>
    public override Step SrcuReadUnlock(Srcu domain, ulong index, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Mutant.Sites?.Left(this, file);
        if (index != NoSection)
        {
            return base.SrcuReadUnlock(domain, index, file, line);
        }

        Held.LeaveSrcu();
        return default;
    }

    internal override void Begin(string name, Func<Cpu, Coroutine> newBody, OperationKind first)
    {
        base.Begin(name, newBody, first);
        phantoms.Clear();
        known.Clear();
        isRelaxed = false;
        kept = null;
    }

    /// <inheritdoc/>
    protected override bool Performs(string function, string file, int line)
    {
        Mutant.Sites?.Note(this, MutationKind.Call, function, file, line);
        return !Mutant.LeavesOut(MutationKind.Call, file, line);
    }

    /// <inheritdoc/>
    protected override bool TryPerform()
    {
        if (!base.TryPerform())
        {
            return false;
        }

        AfterOperation();
        return true;
    }

    /// <inheritdoc/>
    protected override void Park(Resumable continuation) =>
        base.Park(Mutant.IsCheck || isRelaxed ? new Performed(this, continuation) : continuation);

    private bool IsLeftOut(string operation, Word word, string file, int line)
    {
        BeforeWrite(word);
        Mutant.Sites?.Note(this, MutationKind.Update, operation, word, file, line);
        Mutant.Sites?.Note(this, MutationKind.AtomicOrdering, operation, word, file, line);
        isRelaxed = Mutant.LeavesOut(MutationKind.AtomicOrdering, file, line);
        return Mutant.LeavesOut(MutationKind.Update, file, line);
    }

    private bool IsLeftOut(Lock target, bool isShared, string file, int line)
    {
        if (ReferenceEquals(kept, target))
        {
            kept = null;
            return true;
        }

        if (!Mutant.LeavesOut(MutationKind.Lock, file, line))
        {
            return false;
        }

        phantoms.Add(target);
        Held.Acquired(target, isShared);
        return true;
    }

    private bool IsGivenByNobody(Lock target, bool isShared, string file, int line)
    {
        if (phantoms.Remove(target))
        {
            Held.Release(target, isShared);
            return true;
        }

        if (!Mutant.LeavesOut(MutationKind.Relock, file, line))
        {
            return false;
        }

        kept = target;
        return true;
    }

    private void BeforeWrite(Word word)
    {
        if (Mutant.IsCheck)
        {
            Mutant.BeforeWrite(word);
        }
    }

    private void AfterOperation()
    {
        isRelaxed = false;
        if (!Mutant.IsCheck || Pending.Block is not { } block)
        {
            return;
        }

        Word word = block[Pending.Index];
        ulong? value = Pending.Kind switch
        {
            OperationKind.ReadOnce or OperationKind.LoadAcquire or OperationKind.WaitUntilEqual or OperationKind.WaitUntilNotEqual or OperationKind.AddReturn => Result,
            OperationKind.WriteOnce or OperationKind.StoreRelease or OperationKind.Xchg => Pending.A,
            OperationKind.CmpXchg => Result == Pending.A ? Pending.B : Result,
            OperationKind.FetchOr => Result | Pending.A,
            OperationKind.FetchAndNot => Result & ~Pending.A,
            OperationKind.AtomicAdd => WhatIsKnownOf(word) + Pending.A,
            OperationKind.AtomicOr => WhatIsKnownOf(word) | Pending.A,
            _ => null,
        };
        if (value is { } now)
        {
            Know(word, now);
        }
    }

    private void Know(Word word, ulong value)
    {
        if (Mutant.IsCheck)
        {
            known[(word.Block, word.Index)] = value;
        }
    }

    private ulong WhatIsKnownOf(Word word) => known.TryGetValue((word.Block, word.Index), out ulong value) ? value : Mutant.InitialOf(word);

    private sealed class Performed(MutatedCpu cpu, Resumable continuation) : Resumable
    {
        public override void Resume()
        {
            cpu.AfterOperation();
            continuation.Resume();
        }
    }
}
