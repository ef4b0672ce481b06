namespace MmuStress.Mmu;

/// <summary>A notifier that takes mmu_lock only where a memslot is hit, and keeps nobody from updating memslots between start and end.</summary>
/// <remarks>
/// What "KVM: Block memslot updates across range_start() and range_end()" (52ac8b358b0c) is for: a memslot that appears between the two has the end
/// count down what the start did not count up, one that goes leaves the count above 0, so that faults are retried for ever (S4-2).
/// Mirrors: "KVM: Don't take mmu_lock for range invalidation unless necessary" (071064f14d87) without 52ac8b358b0c, on which it rests.
/// Locking: srcu and, where a memslot is hit, mmu_lock.
/// </remarks>
/// <param name="kvm">The VM.</param>
public sealed class NotifierUnblocked(Kvm kvm) : KvmMmuNotifier(kvm)
{
    /// <inheritdoc/>
    public override async Coroutine InvalidateRangeStart(Cpu cpu, HvaRange range, bool mayBlock)
    {
        cpu.Log($"invalidate_range_start({range})");
        await HandleHvaRange(cpu, StartOf(range, mayBlock));
        Kvm.Tracepoints?.InvalidateRangeStartReturned(cpu, Kvm, range);
    }

    /// <inheritdoc/>
    public override async Coroutine InvalidateRangeEnd(Cpu cpu, HvaRange range, bool mayBlock = true)
    {
        cpu.Log($"invalidate_range_end({range})");
        Kvm.Tracepoints?.InvalidateRangeEndEntered(cpu, Kvm, range);
        await HandleHvaRange(cpu, EndOf(range, mayBlock));
        Kvm.Tracepoints?.InvalidateRangeEndReturned(cpu, Kvm, range);
    }

    /// <inheritdoc/>
    public override async Coroutine InstallMemslots(Cpu cpu, Word memslots, ulong active) => await cpu.StoreRelease(memslots, active);
}
