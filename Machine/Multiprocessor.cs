namespace MmuStress.Machine;

/// <summary>A shared-memory multiprocessor: memory, CPUs, and what it reports when a property does not hold.</summary>
/// <remarks>Two implementations: explored (one schedule at a time, in <c>Explorer/</c>) and native (<see cref="NativeMachine"/>).</remarks>
public abstract class Multiprocessor
{
    private const int SetupCpuId = 0xffff;

    private NativeCpu? setupCpu;

    /// <summary>A machine without CPUs.</summary>
    /// <param name="recycleMemory">Whether memory is handed out afresh in every run (explored) or left to the garbage collector (native).</param>
    /// <param name="wordsPerPage">How many 64-bit words a page has, at least 2.</param>
    protected Multiprocessor(bool recycleMemory, int wordsPerPage)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(wordsPerPage, 2);
        Memory = new PhysicalMemory(this, recycleMemory, wordsPerPage);
    }

    /// <summary>The page allocator and the memory of kernel structures.</summary>
    public PhysicalMemory Memory { get; }

    /// <summary>Into how many counters an SRCU domain spreads its readers, so that free-running readers do not contend.</summary>
    public abstract int SrcuShards { get; }

    /// <summary>Whether a read may return an old value as the explorer chooses, so that order must come from the code alone.</summary>
    public virtual bool IsWeak => false;

    /// <summary>The order in which classes of locks have been taken in this run.</summary>
    public LockOrder LockOrder { get; } = new();

    /// <summary>Whether CPUs that wait on a real thread are to give up.</summary>
    public virtual bool IsStopping => false;

    /// <summary>Which properties are not looked at in this run: a scenario that is about one defect must not end at another.</summary>
    public IReadOnlyCollection<string> Ignored { get; set; } = [];

    /// <summary>A CPU that performs everything at once: for setting up before, and tearing down after, the CPUs that are explored.</summary>
    public Cpu SetupCpu => setupCpu ??= new NativeCpu(this, SetupCpuId, "setup");

    /// <summary>The first violation of this run; null while everything holds.</summary>
    public Violation? Violation { get; private set; }

    /// <summary>Who broke it; null where nobody in particular did.</summary>
    public Cpu? Violator { get; private set; }

    /// <summary>Reports that a property did not hold. The first report counts; the run ends at the next step.</summary>
    /// <param name="violation">What did not hold.</param>
    /// <param name="cpu">Who broke it; null for nobody in particular.</param>
    public void Report(Violation violation, Cpu? cpu)
    {
        lock (LockOrder)
        {
            if (Violation is null && !Ignored.Contains(violation.Invariant))
            {
                Violation = violation;
                Violator = cpu;
                OnViolation(violation, cpu);
            }
        }
    }

    /// <summary>Notes that somebody got something done that need not be done again: a run of any length is no livelock as long as this goes on.</summary>
    /// <remarks>
    /// For work on a range that goes on from page to page, which as a whole may take longer than any retry: a page that is freed, an entry that is
    /// zapped, a part that a walk has behind it for good. Not for what is done in vain over and over, as in a fault that is retried.
    /// </remarks>
    public virtual void MadeProgress()
    {
    }

    /// <summary>Called once, with the first violation.</summary>
    /// <param name="violation">What did not hold.</param>
    /// <param name="cpu">Who broke it.</param>
    protected virtual void OnViolation(Violation violation, Cpu? cpu)
    {
    }

    /// <summary>Forgets a run: memory, lock order and violation.</summary>
    protected void Reset()
    {
        Memory.Reset();
        LockOrder.Reset();
        Violation = null;
        Violator = null;
        Ignored = [];
        setupCpu?.Held.Clear();
    }

    /// <summary>Reports memory that must not be left at the end of a run.</summary>
    protected void CheckLeaks() => Memory.ReportLeaks();
}
