namespace MmuStress.Mmu;

/// <summary>What KVM does when the host changes its page table.</summary>
/// <remarks>
/// Mirrors: kvm_mmu_notifier_ops, kvm_handle_hva_range(), virt/kvm/kvm_main.c (v6.8); change_pte as until v6.9.
/// Locking: called under whatever the host holds; takes srcu and, if a memslot is hit, mmu_lock.
/// What a posting did in its own way is a subclass: what keeps memslots from changing between start and end (<see cref="InstallMemslots"/> is the
/// other half of that), and which notifications take mmu_lock.
/// Differs: the architecture's "memory reclaimed" hook is not modelled.
/// </remarks>
/// <param name="kvm">The VM.</param>
public class KvmMmuNotifier(Kvm kvm) : IMmuNotifier
{
    private static readonly GfnHandler UnmapGfnRange = static (kvm, cpu, range) =>
    {
        kvm.MmuInvalidateRangeAdd(cpu, range.Range);
        return kvm.MmuNotifier.Unmap(cpu, range);
    };

    private static readonly GfnHandler AgeGfn = static (kvm, cpu, range) => kvm.Arch.AgeGfn(cpu, range);

    private static readonly GfnHandler TestAgeGfn = static (kvm, cpu, range) => new Coroutine<bool>(kvm.Arch.TestAgeGfn(cpu, range));

    private static readonly GfnHandler ChangeSpteGfn = static (kvm, cpu, range) =>
        (range.Slot.Flags(cpu) & MemslotFlags.Invalid) != MemslotFlags.None ? new Coroutine<bool>(false) : kvm.Arch.SetSpteGfn(cpu, range);

    private static readonly OnLockHandler InvalidateBegin = static (kvm, cpu) => kvm.MmuInvalidateBegin(cpu);

    private static readonly OnLockHandler InvalidateEnd = static (kvm, cpu) => kvm.MmuInvalidateEnd(cpu);

    /// <summary>The VM.</summary>
    public Kvm Kvm => kvm;

    /// <inheritdoc/>
    public virtual async Coroutine InvalidateRangeStart(Cpu cpu, HvaRange range, bool mayBlock)
    {
        cpu.Log($"invalidate_range_start({range})");

        // From here to the end no memslot is published, so that start and end hit the same ones.
        await cpu.Lock(kvm.MnInvalidateLock);
        await cpu.WriteOnce(kvm.MnActiveInvalidateCount, cpu.Read(kvm.MnActiveInvalidateCount) + 1);
        await cpu.Unlock(kvm.MnInvalidateLock);
        await kvm.GfnToPfnCacheInvalidateStart(cpu, range);

        await HandleHvaRange(cpu, StartOf(range, mayBlock));
        kvm.Tracepoints?.InvalidateRangeStartReturned(cpu, kvm, range);
    }

    /// <inheritdoc/>
    public virtual async Coroutine InvalidateRangeEnd(Cpu cpu, HvaRange range, bool mayBlock = true)
    {
        cpu.Log($"invalidate_range_end({range})");
        kvm.Tracepoints?.InvalidateRangeEndEntered(cpu, kvm, range);
        await HandleHvaRange(cpu, EndOf(range, mayBlock));

        await cpu.Lock(kvm.MnInvalidateLock);
        ulong count = cpu.Read(kvm.MnActiveInvalidateCount);
        Kvm.WarnOn(cpu, count == 0, "mn_active_invalidate_count drops below 0");
        await cpu.WriteOnce(kvm.MnActiveInvalidateCount, count - 1);
        await cpu.Unlock(kvm.MnInvalidateLock);
        if (count == 1)
        {
            // rcuwait_wake_up(): there is at most one who waits, since it holds slots_lock.
            await cpu.Xchg(kvm.MnMemslotsUpdateRcuwait, 0);
        }

        kvm.Tracepoints?.InvalidateRangeEndReturned(cpu, kvm, range);
    }

    /// <inheritdoc/>
    public async Coroutine<bool> ClearFlushYoung(Cpu cpu, HvaRange range)
    {
        cpu.Log($"clear_flush_young({range})");
        bool young = await HandleHvaRange(cpu, new KvmMmuNotifierRange(range, AgeGfn, null, FlushOnRet: true, MayBlock: false));
        kvm.Tracepoints?.AgeReturned(cpu, kvm, range, young);
        return young;
    }

    /// <inheritdoc/>
    /// <remarks>TLBs are not flushed: the guest may go on using the page for a while without its being young.</remarks>
    public async Coroutine<bool> ClearYoung(Cpu cpu, HvaRange range)
    {
        cpu.Log($"clear_young({range})");
        bool young = await HandleHvaRange(cpu, new KvmMmuNotifierRange(range, AgeGfn, null, FlushOnRet: false, MayBlock: false));
        kvm.Tracepoints?.AgeReturned(cpu, kvm, range, young);
        return young;
    }

    /// <inheritdoc/>
    public virtual async Coroutine<bool> TestYoung(Cpu cpu, Hva hva)
    {
        cpu.Log($"test_young({hva})");
        var range = new HvaRange(hva, hva + 1);
        bool young = await HandleHvaRange(cpu, new KvmMmuNotifierRange(range, TestAgeGfn, null, FlushOnRet: false, MayBlock: false));
        kvm.Tracepoints?.AgeReturned(cpu, kvm, range, young);
        return young;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Must lie between a start and an end of the same address; skipped where no invalidation is in progress, since then that start hit no
    /// memslot.
    /// </remarks>
    public virtual async Coroutine ChangePte(Cpu cpu, Hva hva, HostPte pte)
    {
        cpu.Log($"change_pte(hva {hva}, {pte})");
        ulong active = await cpu.ReadOnce(kvm.MnActiveInvalidateCount);
        Kvm.WarnOn(cpu, active == 0, "change_pte outside invalidate_range_start and invalidate_range_end");
        if (await cpu.ReadOnce(kvm.MmuInvalidateInProgress) == 0)
        {
            return;
        }

        await HandleHvaRange(cpu, new KvmMmuNotifierRange(new HvaRange(hva, hva + 1), ChangeSpteGfn, null, FlushOnRet: true, MayBlock: false, pte));
    }

    /// <inheritdoc/>
    /// <remarks>Locking: takes srcu only; whether mmu_lock is taken is the architecture's affair (LA20-7).</remarks>
    public async Coroutine Release(Cpu cpu)
    {
        cpu.Log($"kvm_mmu_notifier_release()");
        ulong index = await cpu.SrcuReadLock(kvm.Srcu);
        await kvm.Arch.FlushShadowAll(cpu);
        await cpu.SrcuReadUnlock(kvm.Srcu, index);
    }

    /// <summary>The part of kvm_swap_active_memslots() that must not come between a start and its end: makes another set of memslots the active one.</summary>
    /// <remarks>
    /// Mirrors: the part of kvm_swap_active_memslots() under mn_invalidate_lock, virt/kvm/kvm_main.c (v6.8), "KVM: Block memslot updates across
    /// range_start() and range_end()". Unfair on purpose: a stream of notifications keeps it waiting for ever.
    /// Locking: slots_lock and slots_arch_lock; takes mn_invalidate_lock; sleeps.
    /// </remarks>
    /// <param name="cpu">Who updates the memslots.</param>
    /// <param name="memslots">kvm->memslots[as_id].</param>
    /// <param name="active">Which of the two sets is to be active.</param>
    /// <returns>When it is.</returns>
    public virtual async Coroutine InstallMemslots(Cpu cpu, Word memslots, ulong active)
    {
        // A notification must see the same memslots at its start and at its end, or its two halves would not agree about mmu_lock.
        await cpu.Lock(kvm.MnInvalidateLock);
        while (await cpu.ReadOnce(kvm.MnActiveInvalidateCount) != 0)
        {
            await cpu.Xchg(kvm.MnMemslotsUpdateRcuwait, 1);
            await cpu.Unlock(kvm.MnInvalidateLock);
            await cpu.WaitUntilEqual(kvm.MnMemslotsUpdateRcuwait, 0);
            await cpu.Lock(kvm.MnInvalidateLock);
        }

        await cpu.StoreRelease(memslots, active);
        await cpu.Unlock(kvm.MnInvalidateLock);
    }

    /// <summary>The part of kvm_destroy_vm() right after mmu_notifier_unregister(): forgets notifications whose end never comes.</summary>
    /// <remarks>
    /// Mirrors: kvm_destroy_vm(), virt/kvm/kvm_main.c (v6.8).
    /// Locking: none; the caller has the last reference.
    /// </remarks>
    /// <param name="cpu">The caller.</param>
    /// <returns>When it is done.</returns>
    public virtual async Coroutine Unregistered(Cpu cpu)
    {
        // A notification whose end was cut off by unregistering would block the freeing of memslots for ever.
        if (await cpu.ReadOnce(kvm.MnActiveInvalidateCount) != 0)
        {
            await cpu.WriteOnce(kvm.MnActiveInvalidateCount, 0);
        }
        else
        {
            Kvm.WarnOn(cpu, await cpu.ReadOnce(kvm.MmuInvalidateInProgress) != 0, "mmu_invalidate_in_progress is left over in kvm_destroy_vm");
        }
    }

    /// <summary>kvm_handle_hva_range(): hands the part of <paramref name="range"/> that falls into each memslot to the handler.</summary>
    /// <remarks>
    /// Mirrors: __kvm_handle_hva_range(), virt/kvm/kvm_main.c (v6.8).
    /// Locking: takes srcu; takes mmu_lock when the first memslot is hit and not before, so on_lock runs exactly when one is hit.
    /// Differs: memslots are visited in the order of guest frames, not of host addresses.
    /// </remarks>
    /// <param name="cpu">The notifier's caller.</param>
    /// <param name="range">The notification.</param>
    /// <returns>Whether a handler found something.</returns>
    public virtual async Coroutine<bool> HandleHvaRange(Cpu cpu, KvmMmuNotifierRange range)
    {
        bool isEmpty = range.Range.IsEmpty;
        bool isIdle = range.Handler is null && range.OnLock is null;
        Kvm.WarnOn(cpu, isEmpty, "a notification is about an empty range");
        Kvm.WarnOn(cpu, isIdle, "a notification has nothing to do");
        if (isEmpty || isIdle)
        {
            return false;
        }

        bool locked = false;
        bool found = false;
        ulong index = await cpu.SrcuReadLock(kvm.Srcu);
        for (int addressSpace = 0; addressSpace < kvm.Parameters.AddressSpaces; addressSpace++)
        {
            MemslotSet slots = await kvm.Memslots(cpu, addressSpace);
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
                    await cpu.Lock(kvm.MmuLock);
                    if (range.OnLock is not null)
                    {
                        await range.OnLock(kvm, cpu);
                    }
                }

                if (range.Handler is null)
                {
                    break;
                }

                found |= await range.Handler(kvm, cpu, new KvmGfnRange(slot, gfns, range.MayBlock, range.Pte));
            }

            if (locked && range.Handler is null)
            {
                break;
            }
        }

        if (range.FlushOnRet && found)
        {
            await kvm.FlushRemoteTlbs(cpu);
        }

        if (locked)
        {
            await cpu.Unlock(kvm.MmuLock);
        }
        else
        {
            kvm.Tracepoints?.MmuLockElided(cpu, kvm, range.Range);
        }

        await cpu.SrcuReadUnlock(kvm.Srcu, index);
        return found;
    }

    // What kvm_mmu_notifier_invalidate_range_start() and _end() ask __kvm_handle_hva_range() for.
    private protected static KvmMmuNotifierRange StartOf(HvaRange range, bool mayBlock) =>
        new(range, UnmapGfnRange, InvalidateBegin, FlushOnRet: true, mayBlock);

    private protected static KvmMmuNotifierRange EndOf(HvaRange range, bool mayBlock) => new(range, null, InvalidateEnd, FlushOnRet: false, mayBlock);

    // What the architecture does about a part of a start's range that falls into one memslot. Caller holds mmu_lock.
    internal virtual Coroutine<bool> Unmap(Cpu cpu, KvmGfnRange range) => kvm.Arch.UnmapGfnRange(cpu, range);

    // The guest frames of the memslot's part of the range: its first page rounded down, its last rounded up.
    private protected static bool TryClip(Cpu cpu, Memslot slot, HvaRange range, out GfnRange gfns)
    {
        Hva slotStart = slot.UserspaceAddr(cpu);
        Hva slotEnd = slotStart + (slot.Npages(cpu) << PageSize.Shift);
        Hva start = range.Start > slotStart ? range.Start : slotStart;
        Hva end = range.End < slotEnd ? range.End : slotEnd;
        if (end <= start)
        {
            gfns = default;
            return false;
        }

        Gfn first = slot.BaseGfn(cpu);
        gfns = new GfnRange(
            first + ((start - slotStart) >> PageSize.Shift),
            first + ((end - slotStart + PageSize.Bytes - 1) >> PageSize.Shift));
        return true;
    }
}
