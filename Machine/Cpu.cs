using System.Runtime.CompilerServices;

namespace MmuStress.Machine;

/// <summary>One thread of kernel or guest execution. All shared state is reached through it.</summary>
/// <remarks>
/// <para>
/// <b>Guarantee.</b> An <c>await</c> of one of these operations is the only place where another CPU may run. Code between two awaits is
/// atomic when explored, and must be right when it is not, free-running.
/// </para>
/// <para>
/// <b>Marked</b> accesses (<see cref="ReadOnce"/> and the other awaited ones on a location) are interleaving points; under sequential consistency barriers and choices are not. <b>Plain</b> accesses
/// (<see cref="Read"/>, <see cref="Write"/>) are for data that a lock protects; explored, two conflicting ones that are not ordered by
/// happens-before are reported as a data race on any schedule where they are unordered, adjacent or not.
/// </para>
/// <para>Memory orderings are the Linux kernel's: atomics that return a value are fully ordered, those that do not are not ordered at all.</para>
/// </remarks>
public abstract class Cpu
{
    /// <summary>A CPU of <paramref name="machine"/>.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="id">Its number, from 0.</param>
    /// <param name="name">What people call it: "vcpu0".</param>
    protected Cpu(Multiprocessor machine, int id, string name)
    {
        Machine = machine;
        Id = id;
        Name = name;
        Held = new HeldLocks(this);
    }

    /// <summary>The machine it belongs to.</summary>
    public Multiprocessor Machine { get; }

    /// <summary>Its number, from 0.</summary>
    public int Id { get; }

    /// <summary>What people call it.</summary>
    public string Name { get; protected set; }

    /// <summary>The locks and SRCU sections it holds.</summary>
    public HeldLocks Held { get; }

    /// <summary>Whether somebody records what this CPU does, so that <see cref="Log"/> has a reader.</summary>
    public bool IsTracing { get; protected set; }

    /// <summary>Whether it waits for work and nothing else; when every CPU is idle or done, the run is over.</summary>
    public bool IsIdle { get; set; }

    /// <summary>What the operation that was last performed returned.</summary>
    protected internal ulong Result { get; protected set; }

    /// <summary>READ_ONCE: a marked read without ordering.</summary>
    /// <param name="word">The location.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>Its content.</returns>
    public abstract Step ReadOnce(Word word, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>A read by hardware (a page-table walker): like <see cref="ReadOnce"/>, ordered by address dependency, and never part of a data race.</summary>
    /// <param name="word">The location.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>Its content.</returns>
    public abstract Step HardwareRead(Word word, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>WRITE_ONCE: a marked write without ordering.</summary>
    /// <param name="word">The location.</param>
    /// <param name="value">Its new content.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>0.</returns>
    public abstract Step WriteOnce(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>smp_load_acquire: later accesses stay after it. Also stands for rcu_dereference and srcu_dereference.</summary>
    /// <param name="word">The location.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>Its content.</returns>
    public abstract Step LoadAcquire(Word word, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>smp_store_release: earlier accesses stay before it. Also stands for rcu_assign_pointer.</summary>
    /// <param name="word">The location.</param>
    /// <param name="value">Its new content.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>0.</returns>
    public abstract Step StoreRelease(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>xchg: fully ordered exchange. Also stands for smp_store_mb.</summary>
    /// <param name="word">The location.</param>
    /// <param name="value">Its new content.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>Its old content.</returns>
    public abstract Step Xchg(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>cmpxchg: fully ordered; writes <paramref name="value"/> only where the location holds <paramref name="expected"/>.</summary>
    /// <param name="word">The location.</param>
    /// <param name="expected">What it must hold.</param>
    /// <param name="value">Its new content then.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>Its old content, equal to <paramref name="expected"/> exactly when the write happened.</returns>
    public abstract Step CmpXchg(Word word, ulong expected, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>atomic_add_return: fully ordered addition that wraps around.</summary>
    /// <param name="word">The location.</param>
    /// <param name="delta">What to add; may be negative.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>Its new content.</returns>
    public abstract Step AddReturn(Word word, long delta, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>atomic_fetch_or: fully ordered; also stands for test_and_set_bit.</summary>
    /// <param name="word">The location.</param>
    /// <param name="bits">The bits to set.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>Its old content.</returns>
    public abstract Step FetchOr(Word word, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>atomic_fetch_andnot: fully ordered; also stands for test_and_clear_bit.</summary>
    /// <param name="word">The location.</param>
    /// <param name="bits">The bits to clear.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>Its old content.</returns>
    public abstract Step FetchAndNot(Word word, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>atomic_add, get_page: an addition without a result and without ordering; two of them commute.</summary>
    /// <param name="word">The location.</param>
    /// <param name="delta">What to add; may be negative.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>0.</returns>
    public abstract Step AtomicAdd(Word word, long delta, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>set_bit: sets bits without a result and without ordering; two of them commute.</summary>
    /// <param name="word">The location.</param>
    /// <param name="bits">The bits to set.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>0.</returns>
    public abstract Step AtomicOr(Word word, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>smp_rmb: earlier reads before later reads.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>0.</returns>
    public abstract Step Rmb([CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>smp_wmb: earlier writes before later writes.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>0.</returns>
    public abstract Step Wmb([CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>smp_mb: everything before it before everything after it.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>0.</returns>
    public abstract Step Mb([CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Waits until the location holds <paramref name="value"/>: the condition of an rcuwait, a completion or a wait for an acknowledgement. Acquires.</summary>
    /// <param name="word">The location.</param>
    /// <param name="value">What it must hold.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>Its content.</returns>
    public abstract Step WaitUntilEqual(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Waits until the location no longer holds <paramref name="value"/>. Acquires.</summary>
    /// <param name="word">The location.</param>
    /// <param name="value">What it must not hold.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>Its content.</returns>
    public abstract Step WaitUntilNotEqual(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>down: waits until the location is not 0 and takes 1 off it. Acquires.</summary>
    /// <param name="word">The count.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The count before.</returns>
    public abstract Step Down(Word word, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Takes a lock for itself: spin_lock, write_lock, mutex_lock, the second half of down_write.</summary>
    /// <param name="target">The lock.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>0.</returns>
    public abstract Step Lock(Lock target, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Gives back a lock taken with <see cref="Lock"/>.</summary>
    /// <param name="target">The lock.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>0.</returns>
    public abstract Step Unlock(Lock target, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Takes a lock together with other readers: read_lock, down_read.</summary>
    /// <param name="target">The lock.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>0.</returns>
    public abstract Step ReadLock(SharedLock target, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Gives back a lock taken with <see cref="ReadLock"/>.</summary>
    /// <param name="target">The lock.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>0.</returns>
    public abstract Step ReadUnlock(SharedLock target, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>srcu_read_lock: enters a read-side section of <paramref name="domain"/>.</summary>
    /// <param name="domain">The SRCU domain.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The index to give back to <see cref="SrcuReadUnlock"/>.</returns>
    public abstract Step SrcuReadLock(Srcu domain, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>srcu_read_unlock: leaves a read-side section.</summary>
    /// <param name="domain">The SRCU domain.</param>
    /// <param name="index">What <see cref="SrcuReadLock"/> returned.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>0.</returns>
    public abstract Step SrcuReadUnlock(Srcu domain, ulong index, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>cond_resched or schedule(): lets others run; the only hint about fairness that a CPU gives.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>0.</returns>
    public abstract Step CondResched([CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>A choice of the environment, explored like an interleaving.</summary>
    /// <param name="alternatives">How many alternatives there are, 1 to 255.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The chosen one, from 0.</returns>
    public abstract Step Choose(int alternatives, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>A plain read, for data that a lock protects. Not an interleaving point; checked for data races when explored.</summary>
    /// <param name="word">The location.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>Its content.</returns>
    public abstract ulong Read(Word word, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>A plain write, for data that a lock protects. Not an interleaving point; checked for data races when explored.</summary>
    /// <param name="word">The location.</param>
    /// <param name="value">Its new content.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    public abstract void Write(Word word, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Fills a whole block with plain writes: clear_page, memset.</summary>
    /// <param name="block">The memory.</param>
    /// <param name="value">What each word then holds.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    public abstract void Fill(Block block, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>synchronize_srcu: waits for every reader that entered before the call, and for none that entered later.</summary>
    /// <param name="domain">The SRCU domain.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>When they have left.</returns>
    public Coroutine SynchronizeSrcu(Srcu domain, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Held.AssertMaySleep("synchronize_srcu");
        return Call(domain, static (srcu, cpu) => srcu.Synchronize(cpu), "synchronize_srcu", file, line);
    }

    /// <summary>Calls a function of the kernel that its callers think of as one operation: a flush, a request, a grace period.</summary>
    /// <typeparam name="T">What it is about.</typeparam>
    /// <param name="subject">What it is about.</param>
    /// <param name="body">The function.</param>
    /// <param name="function">Its name in the kernel.</param>
    /// <param name="file">The caller's source file.</param>
    /// <param name="line">The caller's source line.</param>
    /// <returns>When it returns.</returns>
    public Coroutine Call<T>(T subject, Func<T, Cpu, Coroutine> body, string function, string file, int line) =>
        Performs(function, file, line) ? body(subject, this) : Coroutine.Completed;

    /// <summary>Says what a kernel function did, for the race diagram; formats nothing unless somebody records.</summary>
    /// <param name="text">The line: <c>$"mmu_invalidate_retry() => {answer}"</c>.</param>
    public void Log([InterpolatedStringHandlerArgument("")] LogText text)
    {
        if (IsTracing)
        {
            OnLog(text.ToString());
        }
    }

    /// <summary>Reports that a property under test did not hold; the run ends at the next step.</summary>
    /// <param name="invariant">The property's name.</param>
    /// <param name="message">What broke it, in one line.</param>
    /// <param name="consequence">The last line of the diagram; empty to use the message.</param>
    public void Fail(string invariant, string message, string consequence = "") =>
        Machine.Report(new Violation(invariant, message, consequence), this);

    /// <summary>Performs the pending operation if this CPU is to go on; explored, this is the scheduling decision.</summary>
    /// <returns>Whether it was performed; otherwise the caller parks.</returns>
    protected internal abstract bool TryPerform();

    /// <summary>Keeps the suspended call until the explorer runs this CPU again.</summary>
    /// <param name="continuation">The suspended call.</param>
    protected internal abstract void Park(Resumable continuation);

    /// <summary>Whether a function that is called as one operation is really called.</summary>
    /// <param name="function">Its name in the kernel.</param>
    /// <param name="file">The caller's source file.</param>
    /// <param name="line">The caller's source line.</param>
    /// <returns>True, unless somebody finds out what becomes of the code without it.</returns>
    protected virtual bool Performs(string function, string file, int line) => true;

    /// <summary>Called with a line for the race diagram, only while tracing.</summary>
    /// <param name="text">The line.</param>
    protected virtual void OnLog(string text)
    {
    }
}
