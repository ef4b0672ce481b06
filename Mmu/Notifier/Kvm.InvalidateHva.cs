namespace MmuStress.Mmu;

// Until v6.8 the range of the invalidations in progress was one of host virtual addresses, known when the first begins; a VM keeps to one of the two.
public sealed partial class Kvm
{
    /// <summary>kvm_mmu_invalidate_begin() of v6.1: from now on faults on the range retry.</summary>
    /// <remarks>
    /// Mirrors: kvm_mmu_invalidate_begin(), virt/kvm/kvm_main.c (v6.1).
    /// Locking: mmu_lock.
    /// Differs: as <see cref="MmuInvalidateBegin(Cpu)"/>.
    /// </remarks>
    /// <param name="cpu">The caller.</param>
    /// <param name="range">The notification's addresses, not only those in a memslot.</param>
    /// <returns>When it is done.</returns>
    public async Coroutine MmuInvalidateBegin(Cpu cpu, HvaRange range)
    {
        await MmuInvalidateBegin(cpu);
        Widen(cpu, range.Start.Value, range.End.Value);
    }

    /// <summary>mmu_invalidate_retry_hva(): <see cref="MmuInvalidateRetryGfn"/> for a host virtual address.</summary>
    /// <remarks>
    /// Mirrors: mmu_invalidate_retry_hva(), include/linux/kvm_host.h (v6.1).
    /// Locking: mmu_lock.
    /// </remarks>
    /// <param name="cpu">The caller.</param>
    /// <param name="seq">The snapshot.</param>
    /// <param name="hva">The address.</param>
    /// <returns>Whether to start over.</returns>
    public bool MmuInvalidateRetryHva(Cpu cpu, ulong seq, Hva hva)
    {
        MmuLock.AssertHeld(cpu);
        bool retry = IsInvalidating(cpu, hva) || cpu.Read(MmuInvalidateSeq) != seq;
        cpu.Log($"  mmu_invalidate_retry_hva() => {(retry ? "yes" : "no")}");
        if (retry)
        {
            Tracepoints?.FaultRetried(cpu, this);
        }

        return retry;
    }

    private bool IsInvalidating(Cpu cpu, Hva hva) =>
        cpu.Read(MmuInvalidateInProgress) != 0 && cpu.Read(MmuInvalidateRangeStart) <= hva.Value && hva.Value < cpu.Read(MmuInvalidateRangeEnd);
}
