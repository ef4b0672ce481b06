using System.Threading;
namespace MmuStress.Machine;

/// <summary>The machine on real memory: every CPU is a real thread of execution and nothing is scheduled.</summary>
public sealed class NativeMachine : Multiprocessor
{
    private readonly ulong seed;
    private int cpus;

    /// <summary>A machine without CPUs.</summary>
    /// <param name="srcuShards">Into how many counters SRCU readers are spread, at least 1.</param>
    /// <param name="wordsPerPage">How many 64-bit words a page has.</param>
    /// <param name="seed">What the choices of the environment depend on, apart from timing.</param>
    public NativeMachine(int srcuShards = 64, int wordsPerPage = 512, ulong seed = 0)
        : base(recycleMemory: false, wordsPerPage)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(srcuShards);
        SrcuShards = srcuShards;
        this.seed = seed;
    }

    /// <inheritdoc/>
    public override int SrcuShards { get; }

    /// <summary>Whether waiting CPUs are to give up: set with the first violation, or by the host.</summary>
    public override bool IsStopping => stopping;

    private volatile bool stopping;

    /// <summary>One more CPU; at most one thread at a time may run on it.</summary>
    /// <param name="name">What people call it.</param>
    /// <returns>The CPU.</returns>
    public NativeCpu AddCpu(string name) => new(this, Interlocked.Increment(ref cpus) - 1, name, seed);

    /// <summary>Has every waiting CPU give up with a <see cref="MachineStoppedException"/>.</summary>
    public void Stop() => stopping = true;

    /// <inheritdoc/>
    protected override void OnViolation(Violation violation, Cpu? cpu) => stopping = true;
}
