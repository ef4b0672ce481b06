namespace MmuStress.Mmu;

/// <summary>The notifier as posted in v2 of "KVM: Consolidate and optimize MMU notifiers", 1 April 2021, with all its patches.</summary>
/// <remarks>
/// <para>
/// A semaphore, mmu_notifier_slots_lock, is held by readers from start to end, so that both see the same memslots, and taken by who publishes
/// memslots. It is what is wrong with this version: its readers wait behind a writer that waits, so that a notification inside another one, or one
/// that another one waits for, never returns once somebody updates memslots (S4-1). Lockdep says so at the first notification: the semaphore is
/// taken inside the section around start, and that around end is entered under the semaphore.
/// </para>
/// Mirrors: patch 9, "KVM: Don't take mmu_lock for range invalidation unless necessary", virt/kvm/kvm_main.c, function by function.
/// Locking: where it may block, mmu_notifier_slots_lock for read from start to end; else mmu_lock whether a memslot is hit or not.
/// Differs: the range that an invalidation is about is not recorded as host addresses: every frame counts as being invalidated, as
/// mmu_notifier_retry() has it, which every architecture but x86 calls. The null functions are null. tlbs_dirty, which x86 alone counts, is
/// always 0. The BUG_ON of the end looks with a marked read.
/// </remarks>
/// <param name="kvm">The VM.</param>
public class NotifierV2(Kvm kvm) : KvmMmuNotifier(kvm)
{
    private static readonly LockClass SlotsLockClass = new("mmu_notifier_slots_lock", maySleep: true, isHeadline: true);

    private static readonly GfnHandler UnmapGfnRange = static (kvm, cpu, range) => kvm.MmuNotifier.Unmap(cpu, range);

    private static readonly GfnHandler SetSpteGfn = static (kvm, cpu, range) => kvm.Arch.SetSpteGfn(cpu, range);

    private protected static OnLockHandler KvmIncNotifierCount { get; } = static (kvm, cpu) => IncNotifierCount(kvm, cpu);

    private protected static OnLockHandler KvmDecNotifierCount { get; } = static (kvm, cpu) => DecNotifierCount(kvm, cpu);

    private protected static GfnHandler KvmUnmapGfnRange => UnmapGfnRange;

    private protected static GfnHandler KvmSetSpteGfn => SetSpteGfn;

    /// <summary>kvm->mmu_notifier_slots_lock: held by notifications from start to end, and by who publishes memslots.</summary>
    public RwSemaphore MmuNotifierSlotsLock { get; } = new(kvm.Machine, SlotsLockClass);

    /// <inheritdoc/>
    public override async Coroutine InvalidateRangeStart(Cpu cpu, HvaRange range, bool mayBlock)
    {
        cpu.Log($"invalidate_range_start({range})");

        // Prevent memslot modification between range_start() and range_end(), so that conditionally locking provides the same result in both.
        // Who must not sleep takes mmu_lock in any case instead.
        if (mayBlock)
        {
            await cpu.ReadLock(MmuNotifierSlotsLock);
        }

        await HandleHvaRange(cpu, new KvmMmuNotifierRange(range, KvmUnmapGfnRange, KvmIncNotifierCount, FlushOnRet: true, mayBlock, MustLock: !mayBlock));
        Kvm.Tracepoints?.InvalidateRangeStartReturned(cpu, Kvm, range);
    }

    /// <inheritdoc/>
    /// <remarks>flush_on_ret is true, though there is no handler that could find anything (S4-6).</remarks>
    public override async Coroutine InvalidateRangeEnd(Cpu cpu, HvaRange range, bool mayBlock = true)
    {
        cpu.Log($"invalidate_range_end({range})");
        Kvm.Tracepoints?.InvalidateRangeEndEntered(cpu, Kvm, range);
        await HandleHvaRange(cpu, new KvmMmuNotifierRange(range, null, KvmDecNotifierCount, FlushOnRet: true, mayBlock, MustLock: !mayBlock));

        // Pairs with the lock in range_start().
        if (mayBlock)
        {
            await cpu.ReadUnlock(MmuNotifierSlotsLock);
        }

        await BugOnNegativeCount(cpu);
        Kvm.Tracepoints?.InvalidateRangeEndReturned(cpu, Kvm, range);
    }

    /// <inheritdoc/>
    /// <remarks>The count is read without mmu_lock, and not marked (S4-5).</remarks>
    public override async Coroutine ChangePte(Cpu cpu, Hva hva, HostPte pte)
    {
        cpu.Log($"change_pte(hva {hva}, {pte})");

        // If the count is zero, then start() didn't find a relevant memslot and wasn't forced down the slow path. This can only occur if
        // memslot updates are blocked.
        if (cpu.Read(Kvm.MmuInvalidateInProgress) == 0)
        {
            MmuNotifierSlotsLock.AssertHeld(cpu);
            return;
        }

        await HandleHvaRange(cpu, new KvmMmuNotifierRange(new HvaRange(hva, hva + 1), KvmSetSpteGfn, null, FlushOnRet: true, MayBlock: false, pte));
    }

    /// <summary>install_new_memslots(): makes another set of memslots the active one, while no notification that may block is between start and end.</summary>
    /// <inheritdoc/>
    public override async Coroutine InstallMemslots(Cpu cpu, Word memslots, ulong active)
    {
        await MmuNotifierSlotsLock.DownWrite(cpu);
        await cpu.StoreRelease(memslots, active);
        await cpu.Unlock(MmuNotifierSlotsLock);
    }

    /// <summary>kvm_destroy_vm(): init_rwsem(), since a reader whose end never comes would block the freeing of memslots for ever.</summary>
    /// <inheritdoc/>
    public override async Coroutine Unregistered(Cpu cpu) => await cpu.WriteOnce(MmuNotifierSlotsLock.State, 0);

    /// <summary>__kvm_handle_hva_range() with kvm_mmu_lock_and_check_handler().</summary>
    /// <inheritdoc/>
    public override async Coroutine<bool> HandleHvaRange(Cpu cpu, KvmMmuNotifierRange range)
    {
        bool isIdle = range.Handler is null && range.OnLock is null;
        Kvm.WarnOn(cpu, isIdle, "a notification has nothing to do");
        if (isIdle)
        {
            return false;
        }

        bool locked = false;
        ulong index = await cpu.SrcuReadLock(Kvm.Srcu);
        bool ret = false;
        if (range.MustLock)
        {
            locked = true;
            await LockMmu(cpu, range);
        }

        if (range.Handler is not null || !locked)
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

    // The rest of __kvm_handle_hva_range(): from the walk over the memslots to the flush. Says whether mmu_lock is held afterwards.
    private protected async Coroutine<(bool Ret, bool Locked)> HandleSlots(Cpu cpu, KvmMmuNotifierRange range, bool locked)
    {
        bool ret = false;
        for (int addressSpace = 0; addressSpace < Kvm.Parameters.AddressSpaces; addressSpace++)
        {
            MemslotSet slots = await Kvm.Memslots(cpu, addressSpace);
            int count = slots.Count(cpu);
            for (int i = 0; i < count; i++)
            {
                Memslot slot = slots.At(cpu, i);
                if (!TryClip(cpu, slot, range.Range, out GfnRange gfns))
                {
                    continue;
                }

                if (!locked)
                {
                    locked = true;
                    await LockMmu(cpu, range);
                    if (range.Handler is null)
                    {
                        return (false, true);
                    }
                }

                ret |= await range.Handler!(Kvm, cpu, new KvmGfnRange(slot, gfns, range.MayBlock, range.Pte));
            }
        }

        if (range.FlushOnRet && ret)
        {
            await Kvm.FlushRemoteTlbs(cpu);
        }

        return (ret, locked);
    }

    // KVM_MMU_LOCK() and on_lock().
    private protected async Coroutine LockMmu(Cpu cpu, KvmMmuNotifierRange range)
    {
        await cpu.Lock(Kvm.MmuLock);
        if (range.OnLock is not null)
        {
            await range.OnLock(Kvm, cpu);
        }
    }

    // BUG_ON(kvm->mmu_notifier_count < 0).
    private protected async Coroutine BugOnNegativeCount(Cpu cpu) =>
        Kvm.WarnOn(cpu, (long)await cpu.ReadOnce(Kvm.MmuInvalidateInProgress) < 0, "mmu_notifier_count is below 0");

    // kvm_inc_notifier_count(): the count increase must become visible at unlock time. Caller holds mmu_lock.
    private static async Coroutine IncNotifierCount(Kvm kvm, Cpu cpu)
    {
        ulong count = cpu.Read(kvm.MmuInvalidateInProgress) + 1;
        cpu.Log($"  kvm_inc_notifier_count()  mmu_notifier_count => {(long)count}");
        await cpu.WriteOnce(kvm.MmuInvalidateInProgress, count);
        cpu.Write(kvm.MmuInvalidateRangeStart, 0);
        cpu.Write(kvm.MmuInvalidateRangeEnd, ulong.MaxValue - 1);
    }

    // kvm_dec_notifier_count(): the sequence increase must be visible before the count decrease. Caller holds mmu_lock.
    private static async Coroutine DecNotifierCount(Kvm kvm, Cpu cpu)
    {
        ulong seq = kvm.NextInvalidateSeq(cpu);
        cpu.Log($"  kvm_dec_notifier_count()  mmu_notifier_seq => {seq}");
        await cpu.WriteOnce(kvm.MmuInvalidateSeq, seq);
        await cpu.Wmb();
        await cpu.WriteOnce(kvm.MmuInvalidateInProgress, cpu.Read(kvm.MmuInvalidateInProgress) - 1);
    }
}
