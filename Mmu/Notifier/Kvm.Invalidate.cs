namespace MmuStress.Mmu;

// Invalidation against faults.
//
// Guarantee: a fault that looked up a host page never installs it after the host has taken it away.
//
// Mechanism: the host says so before it changes its page table (begin) and after (end). A fault takes a snapshot of mmu_invalidate_seq,
// looks up the page, and under mmu_lock installs it only if no invalidation is in progress and none has ended since the snapshot:
// either it installs before begin zaps, or it sees in_progress, or it sees another seq, or it looked the page up after the change.
public sealed partial class Kvm
{
    /// <summary>INVALID_GPA: no range was added yet.</summary>
    public const ulong InvalidGpa = ulong.MaxValue;

    /// <summary>kvm_mmu_invalidate_begin(): from now on faults retry.</summary>
    /// <remarks>
    /// Mirrors: kvm_mmu_invalidate_begin(), virt/kvm/kvm_main.c (v6.8).
    /// Locking: mmu_lock.
    /// Differs: the counter is written with a marked write, as mmu_invalidate_retry() of the postings reads it without mmu_lock.
    /// </remarks>
    /// <param name="cpu">The caller.</param>
    /// <returns>When it is done.</returns>
    public async Coroutine MmuInvalidateBegin(Cpu cpu)
    {
        MmuLock.AssertHeld(cpu);
        ulong count = cpu.Read(MmuInvalidateInProgress) + 1;
        cpu.Log($"  kvm_mmu_invalidate_begin()  in_progress => {count}");
        await cpu.WriteOnce(MmuInvalidateInProgress, count);
        if (count == 1)
        {
            cpu.Write(MmuInvalidateRangeStart, InvalidGpa);
            cpu.Write(MmuInvalidateRangeEnd, InvalidGpa);
        }
    }

    /// <summary>kvm_mmu_invalidate_range_add(): says which frames are being invalidated; the range grows until nothing is in progress.</summary>
    /// <remarks>
    /// Mirrors: kvm_mmu_invalidate_range_add(), virt/kvm/kvm_main.c (v6.8).
    /// Locking: mmu_lock.
    /// </remarks>
    /// <param name="cpu">The caller.</param>
    /// <param name="range">The frames.</param>
    public void MmuInvalidateRangeAdd(Cpu cpu, GfnRange range)
    {
        MmuLock.AssertHeld(cpu);
        WarnOn(cpu, cpu.Read(MmuInvalidateInProgress) == 0, "a range is added while no invalidation is in progress");
        Widen(cpu, range.Start.Value, range.End.Value);
    }

    /// <summary>kvm_mmu_invalidate_end(): what was looked up before is void, what is looked up from now on is good.</summary>
    /// <remarks>
    /// Mirrors: kvm_mmu_invalidate_end(), virt/kvm/kvm_main.c (v6.8).
    /// Locking: mmu_lock.
    /// Differs: both counters are written with marked writes; seq wraps at <see cref="KvmParameters.SeqBits"/>.
    /// </remarks>
    /// <param name="cpu">The caller.</param>
    /// <returns>When it is done.</returns>
    public async Coroutine MmuInvalidateEnd(Cpu cpu)
    {
        MmuLock.AssertHeld(cpu);
        ulong seq = NextInvalidateSeq(cpu);
        cpu.Log($"  kvm_mmu_invalidate_end()  seq => {seq}");
        await cpu.WriteOnce(MmuInvalidateSeq, seq);

        // Who reads without mmu_lock must not see the smaller count and the old seq: pairs with the smp_rmb in MmuInvalidateRetry.
        await cpu.Wmb();
        ulong count = cpu.Read(MmuInvalidateInProgress);
        WarnOn(cpu, count == 0, "mmu_invalidate_in_progress drops below 0");
        await cpu.WriteOnce(MmuInvalidateInProgress, count - 1);
        WarnOn(cpu, cpu.Read(MmuInvalidateRangeStart) == InvalidGpa, "an invalidation ends to which no range was added");
    }

    // What mmu_invalidate_seq becomes when an invalidation ends. Caller holds mmu_lock.
    internal ulong NextInvalidateSeq(Cpu cpu) => (cpu.Read(MmuInvalidateSeq) + 1) & seqMask;

    /// <summary>mmu_invalidate_retry(): whether what was looked up since <paramref name="seq"/> was read may be void.</summary>
    /// <remarks>
    /// Mirrors: mmu_invalidate_retry(), include/linux/kvm_host.h (v6.8).
    /// Locking: mmu_lock, for the answer to mean anything; not asserted, as in the kernel.
    /// Differs: marked reads, as the v20 posting calls it without the lock.
    /// </remarks>
    /// <param name="cpu">The caller.</param>
    /// <param name="seq">The snapshot.</param>
    /// <returns>Whether to start over.</returns>
    public async Coroutine<bool> MmuInvalidateRetry(Cpu cpu, ulong seq)
    {
        if (await cpu.ReadOnce(MmuInvalidateInProgress) != 0)
        {
            cpu.Log($"  mmu_invalidate_retry() => yes, one is in progress");
            Tracepoints?.FaultRetried(cpu, this);
            return true;
        }

        await cpu.Rmb();
        ulong now = await cpu.ReadOnce(MmuInvalidateSeq);
        cpu.Log($"  mmu_invalidate_retry() => {(now != seq ? "yes" : "no")}");
        if (now != seq)
        {
            Tracepoints?.FaultRetried(cpu, this);
        }

        return now != seq;
    }

    /// <summary>mmu_invalidate_retry_gfn(): the same for one frame, so that invalidations in progress elsewhere do not count.</summary>
    /// <remarks>
    /// Mirrors: mmu_invalidate_retry_gfn(), include/linux/kvm_host.h (v6.8).
    /// Locking: mmu_lock.
    /// </remarks>
    /// <param name="cpu">The caller.</param>
    /// <param name="seq">The snapshot.</param>
    /// <param name="gfn">The frame.</param>
    /// <returns>Whether to start over.</returns>
    public bool MmuInvalidateRetryGfn(Cpu cpu, ulong seq, Gfn gfn)
    {
        MmuLock.AssertHeld(cpu);
        bool retry = IsInvalidating(cpu, gfn) || cpu.Read(MmuInvalidateSeq) != seq;
        cpu.Log($"  mmu_invalidate_retry_gfn() => {(retry ? "yes" : "no")}");
        if (retry)
        {
            Tracepoints?.FaultRetried(cpu, this);
        }

        return retry;
    }

    // Caller holds mmu_lock.
    private void Widen(Cpu cpu, ulong start, ulong end)
    {
        if (cpu.Read(MmuInvalidateRangeStart) == InvalidGpa)
        {
            cpu.Write(MmuInvalidateRangeStart, start);
            cpu.Write(MmuInvalidateRangeEnd, end);
        }
        else
        {
            cpu.Write(MmuInvalidateRangeStart, Math.Min(cpu.Read(MmuInvalidateRangeStart), start));
            cpu.Write(MmuInvalidateRangeEnd, Math.Max(cpu.Read(MmuInvalidateRangeEnd), end));
        }
    }

    private bool IsInvalidating(Cpu cpu, Gfn gfn)
    {
        if (cpu.Read(MmuInvalidateInProgress) == 0)
        {
            return false;
        }

        ulong start = cpu.Read(MmuInvalidateRangeStart);
        ulong end = cpu.Read(MmuInvalidateRangeEnd);
        bool noRange = start == InvalidGpa || end == InvalidGpa;
        WarnOn(cpu, noRange, "an invalidation is in progress to which no range was added");
        return noRange || (start <= gfn.Value && gfn.Value < end);
    }
}
