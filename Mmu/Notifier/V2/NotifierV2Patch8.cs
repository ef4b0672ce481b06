namespace MmuStress.Mmu;

/// <summary>The notifier as it is after patch 8 of the v2 series of April 2021: the callbacks that are not paired take mmu_lock only where they hit a memslot.</summary>
/// <remarks>
/// Mirrors: "KVM: Take mmu_lock when handling MMU notifier iff the hva hits a memslot", virt/kvm/kvm_main.c.
/// Locking: srcu, and inside it mmu_lock: in any case where there is an on_lock() (start and end), else at the first memslot that is hit.
/// </remarks>
/// <param name="kvm">The VM.</param>
public sealed class NotifierV2Patch8(Kvm kvm) : NotifierV2Patch7(kvm)
{
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
        bool locked = false;
        ulong index = await cpu.SrcuReadLock(Kvm.Srcu);

        // The on_lock() path does not yet support lock elision.
        if (range.OnLock is not null)
        {
            locked = true;
            await LockMmu(cpu, range);
        }

        if (range.Handler is not null)
        {
            (ret, locked) = await HandleSlots(cpu, range, locked);
        }

        if (locked)
        {
            await cpu.Unlock(Kvm.MmuLock);
        }
        else
        {
            Kvm.Tracepoints?.MmuLockElided(cpu, Kvm, range.Range);
        }

        await cpu.SrcuReadUnlock(Kvm.Srcu, index);
        return ret;
    }
}
