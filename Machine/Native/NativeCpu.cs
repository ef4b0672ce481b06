using System.Runtime.CompilerServices;
using System.Threading;

namespace MmuStress.Machine;

/// <summary>A CPU on a real thread: the operations are <see cref="Volatile"/> and <see cref="Interlocked"/>, every await completes synchronously.</summary>
/// <remarks>
/// A waiting CPU keeps its thread, spinning and then yielding. That is enough for progress: an actor never gives its thread away in
/// the middle of a message, so whoever is waited for is running.
/// </remarks>
public sealed class NativeCpu : Cpu
{
    private readonly Multiprocessor machine;
    private ulong random;

    internal NativeCpu(Multiprocessor machine, int id, string name, ulong seed = 0)
        : base(machine, id, name)
    {
        this.machine = machine;
        random = (((ulong)id + 1) * 0x9E3779B97F4A7C15) ^ ((seed + 1) * 0xD1342543DE82EF95);
        random |= 1; // the generator never leaves 0
    }

    /// <summary>How many marked accesses it has performed.</summary>
    public long Accesses { get; private set; }

    /// <inheritdoc/>
    public override Step ReadOnce(Word word, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => new(Volatile.Read(ref At(word)));

    /// <inheritdoc/>
    public override Step HardwareRead(Word word, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => new(Volatile.Read(ref At(word)));

    /// <inheritdoc/>
    public override Step WriteOnce(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Volatile.Write(ref At(word), value);
        return default;
    }

    /// <inheritdoc/>
    public override Step LoadAcquire(Word word, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => new(Volatile.Read(ref At(word)));

    /// <inheritdoc/>
    public override Step StoreRelease(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Volatile.Write(ref At(word), value);
        return default;
    }

    /// <inheritdoc/>
    public override Step Xchg(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new(Interlocked.Exchange(ref At(word), value));

    /// <inheritdoc/>
    public override Step CmpXchg(Word word, ulong expected, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new(Interlocked.CompareExchange(ref At(word), value, expected));

    /// <inheritdoc/>
    public override Step AddReturn(Word word, long delta, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new(Interlocked.Add(ref At(word), (ulong)delta));

    /// <inheritdoc/>
    public override Step FetchOr(Word word, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new(Interlocked.Or(ref At(word), bits));

    /// <inheritdoc/>
    public override Step FetchAndNot(Word word, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new(Interlocked.And(ref At(word), ~bits));

    /// <inheritdoc/>
    public override Step AtomicAdd(Word word, long delta, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Interlocked.Add(ref At(word), (ulong)delta);
        return default;
    }

    /// <inheritdoc/>
    public override Step AtomicOr(Word word, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Interlocked.Or(ref At(word), bits);
        return default;
    }

    /// <inheritdoc/>
    public override Step Rmb([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Volatile.ReadBarrier();
        return default;
    }

    /// <inheritdoc/>
    public override Step Wmb([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Volatile.WriteBarrier();
        return default;
    }

    /// <inheritdoc/>
    public override Step Mb([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Interlocked.MemoryBarrier();
        return default;
    }

    /// <inheritdoc/>
    public override Step WaitUntilEqual(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ref ulong location = ref At(word);
        var spin = new SpinWait();
        ulong now;
        while ((now = Volatile.Read(ref location)) != value)
        {
            SpinOnce(ref spin);
        }

        return new(now);
    }

    /// <inheritdoc/>
    public override Step WaitUntilNotEqual(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ref ulong location = ref At(word);
        var spin = new SpinWait();
        ulong now;
        while ((now = Volatile.Read(ref location)) == value)
        {
            SpinOnce(ref spin);
        }

        return new(now);
    }

    /// <inheritdoc/>
    public override Step Down(Word word, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ref ulong location = ref At(word);
        var spin = new SpinWait();
        while (true)
        {
            ulong now = Volatile.Read(ref location);
            if (now != 0 && Interlocked.CompareExchange(ref location, now - 1, now) == now)
            {
                return new(now);
            }

            SpinOnce(ref spin);
        }
    }

    /// <inheritdoc/>
    public override Step Lock(Lock target, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Held.BeforeAcquire(target);
        ref ulong location = ref At(target.State);
        ulong me = OwnerBits;
        if (Interlocked.CompareExchange(ref location, me, 0) != 0)
        {
            LockSlowly(ref location, me);
        }

        Held.Acquired(target, isShared: false);
        return default;
    }

    /// <inheritdoc/>
    public override Step Unlock(Lock target, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (Held.Release(target, isShared: false))
        {
            ref ulong location = ref At(target.State);
            if (target is RwSemaphore)
            {
                Interlocked.Add(ref location, 0 - OwnerBits); // a waiting writer may be counted in the same word
            }
            else
            {
                Volatile.Write(ref location, 0);
            }
        }

        return default;
    }

    /// <inheritdoc/>
    public override Step ReadLock(SharedLock target, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Held.BeforeAcquire(target);
        ref ulong location = ref At(target.State);
        var spin = new SpinWait();
        while (true)
        {
            ulong now = Volatile.Read(ref location);
            if (MmuStress.Machine.Lock.AdmitsReader(now) &&
                Interlocked.CompareExchange(ref location, now + MmuStress.Machine.Lock.OneReader, now) == now)
            {
                break;
            }

            SpinOnce(ref spin);
        }

        Held.Acquired(target, isShared: true);
        return default;
    }

    /// <inheritdoc/>
    public override Step ReadUnlock(SharedLock target, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (Held.Release(target, isShared: true))
        {
            Interlocked.Add(ref At(target.State), 0 - MmuStress.Machine.Lock.OneReader);
        }

        return default;
    }

    /// <inheritdoc/>
    public override Step SrcuReadLock(Srcu domain, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Held.EnterSrcu();
        ulong index = Volatile.Read(ref At(domain.Index));
        Interlocked.Increment(ref At(domain.Counter(this, index)));
        return new(index);
    }

    /// <inheritdoc/>
    public override Step SrcuReadUnlock(Srcu domain, ulong index, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (Held.LeaveSrcu())
        {
            Interlocked.Decrement(ref At(domain.Counter(this, index)));
        }

        return default;
    }

    /// <inheritdoc/>
    public override Step CondResched([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Held.AssertMaySleep("schedule");
        if (machine.IsStopping)
        {
            throw new MachineStoppedException(); // a loop that looks and reschedules is a wait, too
        }

        Thread.Yield();
        return default;
    }

    /// <inheritdoc/>
    public override Step Choose(int alternatives, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(alternatives);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(alternatives, 255);
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        return new(random % (ulong)alternatives);
    }

    /// <inheritdoc/>
    public override ulong Read(Word word, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        CheckAlive(word.Block);
        return word.Block.Words[word.Index];
    }

    /// <inheritdoc/>
    public override void Write(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        CheckAlive(word.Block);
        word.Block.Words[word.Index] = value;
    }

    /// <inheritdoc/>
    public override void Fill(Block block, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        CheckAlive(block);
        block.Fill(value);
    }

    /// <inheritdoc/>
    protected internal override bool TryPerform() => throw new InvalidOperationException("a native step is never suspended");

    /// <inheritdoc/>
    protected internal override void Park(Resumable continuation) => throw new InvalidOperationException("a native step is never suspended");

    private ulong OwnerBits => (ulong)Id + 1;

    private ref ulong At(Word word)
    {
        Accesses++;
        CheckAlive(word.Block);
        return ref word.Block.Words[word.Index];
    }

    private void CheckAlive(Block block)
    {
        if (block.IsFreed)
        {
            ReportUseAfterFree(block);
        }
    }

    private void ReportUseAfterFree(Block block) => Fail(block.Kind.UseAfterFree, $"{Name} uses {block.Name} ({block.Kind.Name}), which is freed");

    private void LockSlowly(ref ulong location, ulong me)
    {
        var spin = new SpinWait();
        while (true)
        {
            ulong now = Volatile.Read(ref location);
            if (MmuStress.Machine.Lock.IsFree(now) && Interlocked.CompareExchange(ref location, now | me, now) == now)
            {
                return;
            }

            SpinOnce(ref spin);
        }
    }

    private void SpinOnce(ref SpinWait spin)
    {
        if (machine.IsStopping)
        {
            throw new MachineStoppedException();
        }

        spin.SpinOnce();
    }
}
