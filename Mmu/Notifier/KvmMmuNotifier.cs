namespace MmuStress.Mmu;

/// <summary>What KVM does when the host changes its page table.</summary>
/// <remarks>
/// Mirrors: kvm_mmu_notifier_ops, kvm_handle_hva_range(), virt/kvm/kvm_main.c (v6.8); change_pte as until v6.9.
/// Locking: called under whatever the host holds; takes srcu and, if a memslot is hit, mmu_lock.
/// Differs: the architecture's "memory reclaimed" hook is not modelled.
/// </remarks>
/// <param name="kvm">The VM.</param>
public sealed class KvmMmuNotifier(Kvm kvm) : IMmuNotifier
{
    private static readonly GfnHandler UnmapGfnRange = static (kvm, cpu, range) =>
    {
        kvm.MmuInvalidateRangeAdd(cpu, range.Range);
        return kvm.Arch.UnmapGfnRange(cpu, range);
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
    public async Coroutine InvalidateRangeStart(Cpu cpu, HvaRange range, bool mayBlock)
    {
        cpu.Log($"invalidate_range_start({range})");

        // From here to the end no memslot is published, so that start and end hit the same ones.
        await cpu.Lock(kvm.MnInvalidateLock);
        await cpu.WriteOnce(kvm.MnActiveInvalidateCount, cpu.Read(kvm.MnActiveInvalidateCount) + 1);
        await cpu.Unlock(kvm.MnInvalidateLock);
        await kvm.GfnToPfnCacheInvalidateStart(cpu, range);

        await HandleHvaRange(cpu, new KvmMmuNotifierRange(range, UnmapGfnRange, InvalidateBegin, FlushOnRet: true, mayBlock));
        kvm.Tracepoints?.InvalidateRangeStartReturned(cpu, kvm, range);
    }

    /// <inheritdoc/>
    public async Coroutine InvalidateRangeEnd(Cpu cpu, HvaRange range)
    {
        cpu.Log($"invalidate_range_end({range})");
        kvm.Tracepoints?.InvalidateRangeEndEntered(cpu, kvm, range);
        await HandleHvaRange(cpu, new KvmMmuNotifierRange(range, null, InvalidateEnd, FlushOnRet: false, MayBlock: true));

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
    public async Coroutine<bool> TestYoung(Cpu cpu, Hva hva)
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
    public async Coroutine ChangePte(Cpu cpu, Hva hva, HostPte pte)
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

    /// <summary>kvm_handle_hva_range(): hands the part of <paramref name="range"/> that falls into each memslot to the handler.</summary>
    /// <remarks>
    /// Mirrors: __kvm_handle_hva_range(), virt/kvm/kvm_main.c (v6.8).
    /// Locking: takes srcu; takes mmu_lock when the first memslot is hit and not before, so on_lock runs exactly when one is hit.
    /// Differs: memslots are visited in the order of guest frames, not of host addresses.
    /// </remarks>
    /// <param name="cpu">The notifier's caller.</param>
    /// <param name="range">The notification.</param>
    /// <returns>Whether a handler found something.</returns>
    public async Coroutine<bool> HandleHvaRange(Cpu cpu, KvmMmuNotifierRange range)
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

    // The guest frames of the memslot's part of the range: its first page rounded down, its last rounded up.
    private static bool TryClip(Cpu cpu, Memslot slot, HvaRange range, out GfnRange gfns)
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
