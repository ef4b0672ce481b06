using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Traces;

/// <summary>The model's own VM, whose mmu_invalidate_seq, _in_progress and range follow a trace: what it does to them and how it judges faults is Mmu's code.</summary>
/// <remarks>
/// Mirrors: kvm_mmu_invalidate_begin(), _range_add(), _end(), mmu_invalidate_retry_hva() (v6.1) and _gfn() (v6.12), by way of <see cref="Kvm"/>.
/// Locking: mmu_lock is held all the time, as the probes are inside it.
/// </remarks>
internal sealed class ModelledInvalidation
{
    /// <summary>How many words a page needs on a machine on which such a VM is made.</summary>
    public const int WordsPerPage = 2;

    private static readonly KvmParameters Shape = new() { Levels = 2, EntriesPerTable = WordsPerPage, MemslotLimit = 1, PhysicalCpus = 1 };

    private readonly Kvm kvm;
    private readonly Cpu cpu;

    /// <summary>Nothing is in progress, and nothing has ended.</summary>
    /// <param name="seqBits">The width of mmu_invalidate_seq.</param>
    public ModelledInvalidation(int seqBits = 64)
    {
        var machine = new NativeMachine(srcuShards: 1, WordsPerPage);
        cpu = machine.SetupCpu;
        kvm = MakeKvm(machine, seqBits);
        _ = cpu.Lock(kvm.MmuLock);
    }

    /// <summary>kvm->mmu_invalidate_seq.</summary>
    public ulong Seq
    {
        get => cpu.Read(kvm.MmuInvalidateSeq);
        set => cpu.Write(kvm.MmuInvalidateSeq, value);
    }

    /// <summary>kvm->mmu_invalidate_in_progress.</summary>
    public ulong InProgress
    {
        get => cpu.Read(kvm.MmuInvalidateInProgress);
        set => cpu.Write(kvm.MmuInvalidateInProgress, value);
    }

    /// <summary>kvm->mmu_invalidate_range_start and _end: of guest frames, or of host virtual addresses.</summary>
    public (ulong Start, ulong End) Range
    {
        get => (cpu.Read(kvm.MmuInvalidateRangeStart), cpu.Read(kvm.MmuInvalidateRangeEnd));
        set
        {
            cpu.Write(kvm.MmuInvalidateRangeStart, value.Start);
            cpu.Write(kvm.MmuInvalidateRangeEnd, value.End);
        }
    }

    /// <summary>A VM to invalidate in: it has no memory, no vCPUs and no entries.</summary>
    /// <param name="machine">The machine it is on.</param>
    /// <param name="seqBits">The width of mmu_invalidate_seq.</param>
    /// <returns>The VM.</returns>
    public static Kvm MakeKvm(Multiprocessor machine, int seqBits = 64) =>
        new(machine, new HostMm(machine, 1), seqBits == Shape.SeqBits ? Shape : Shape with { SeqBits = seqBits }, MmuArchitectures.X86);

    /// <summary>An invalidation of host virtual addresses begins.</summary>
    public void Begin(ulong start, ulong end) => kvm.MmuInvalidateBegin(cpu, new HvaRange(new Hva(start), new Hva(end))).GetResult();

    /// <summary>An invalidation of the frames of one or more memslots begins.</summary>
    public void Begin(ReadOnlySpan<(ulong First, ulong End)> frames)
    {
        kvm.MmuInvalidateBegin(cpu).GetResult();
        foreach ((ulong first, ulong end) in frames)
        {
            kvm.MmuInvalidateRangeAdd(cpu, new GfnRange(new Gfn(first), new Gfn(end)));
        }
    }

    /// <summary>One ends; at least one is in progress.</summary>
    public void End() => kvm.MmuInvalidateEnd(cpu).GetResult();

    /// <summary>Whether a fault whose snapshot was <paramref name="snapshot"/> is to be tried again.</summary>
    public bool MustRetry(ulong snapshot, ulong gfn, ulong hva, bool byGfn) =>
        byGfn ? kvm.MmuInvalidateRetryGfn(cpu, snapshot, new Gfn(gfn)) : kvm.MmuInvalidateRetryHva(cpu, snapshot, new Hva(hva));
}
