namespace MmuStress.Mmu;

/// <summary>The notifier as it is after patch 7 of the v2 series of April 2021: every notification takes mmu_lock, whether it hits a memslot or not.</summary>
/// <remarks>
/// Mirrors: "KVM: Move MMU notifier's mmu_lock acquisition into common helper", virt/kvm/kvm_main.c; patch 1, "KVM: Assert that notifier count
/// is elevated in .change_pte()".
/// Locking: mmu_lock, and inside it srcu; patch 8 turns the two around (S4-6). Both orders are right, as nobody waits for readers under mmu_lock.
/// Nothing need keep memslots from changing between start and end, which count in any case.
/// </remarks>
/// <param name="kvm">The VM.</param>
public class NotifierV2Patch7(Kvm kvm) : NotifierV2(kvm)
{
    /// <inheritdoc/>
    public sealed override async Coroutine InvalidateRangeStart(Cpu cpu, HvaRange range, bool mayBlock)
    {
        cpu.Log($"invalidate_range_start({range})");
        await HandleHvaRange(cpu, new KvmMmuNotifierRange(range, KvmUnmapGfnRange, KvmIncNotifierCount, FlushOnRet: true, mayBlock));
        Kvm.Tracepoints?.InvalidateRangeStartReturned(cpu, Kvm, range);
    }

    /// <inheritdoc/>
    public sealed override async Coroutine InvalidateRangeEnd(Cpu cpu, HvaRange range, bool mayBlock = true)
    {
        cpu.Log($"invalidate_range_end({range})");
        Kvm.Tracepoints?.InvalidateRangeEndEntered(cpu, Kvm, range);
        await HandleHvaRange(cpu, new KvmMmuNotifierRange(range, null, KvmDecNotifierCount, FlushOnRet: true, mayBlock));
        await BugOnNegativeCount(cpu);
        Kvm.Tracepoints?.InvalidateRangeEndReturned(cpu, Kvm, range);
    }

    /// <inheritdoc/>
    /// <remarks>Differs: the assertion reads with a marked read.</remarks>
    public sealed override async Coroutine ChangePte(Cpu cpu, Hva hva, HostPte pte)
    {
        cpu.Log($"change_pte(hva {hva}, {pte})");
        Kvm.WarnOn(cpu, await cpu.ReadOnce(Kvm.MmuInvalidateInProgress) == 0, "change_pte outside invalidate_range_start and invalidate_range_end");
        await HandleHvaRange(cpu, new KvmMmuNotifierRange(new HvaRange(hva, hva + 1), KvmSetSpteGfn, null, FlushOnRet: true, MayBlock: false, pte));
    }

    /// <inheritdoc/>
    public sealed override async Coroutine InstallMemslots(Cpu cpu, Word memslots, ulong active) => await cpu.StoreRelease(memslots, active);

    /// <summary>kvm_destroy_vm(): there is nothing to forget.</summary>
    /// <inheritdoc/>
    public sealed override Coroutine Unregistered(Cpu cpu) => Coroutine.Completed;

    /// <inheritdoc/>
    public override async Coroutine<bool> HandleHvaRange(Cpu cpu, KvmMmuNotifierRange range)
    {
        bool isIdle = range.Handler is null && range.OnLock is null;
        Kvm.WarnOn(cpu, isIdle, "a notification has nothing to do");
        if (isIdle)
        {
            return false;
        }

        bool ret = false;
        await cpu.Lock(Kvm.MmuLock);
        ulong index = await cpu.SrcuReadLock(Kvm.Srcu);
        if (range.OnLock is not null)
        {
            await range.OnLock(Kvm, cpu);
        }

        if (range.Handler is not null)
        {
            (ret, _) = await HandleSlots(cpu, range, locked: true);
        }

        await cpu.Unlock(Kvm.MmuLock);
        await cpu.SrcuReadUnlock(Kvm.Srcu, index);
        return ret;
    }
}
