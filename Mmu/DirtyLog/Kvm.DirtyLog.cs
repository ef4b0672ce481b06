namespace MmuStress.Mmu;

// The dirty log.
//
// Guarantee: a guest write that was made before KVM_GET_DIRTY_LOG began, by a vCPU that has since left the fault path, is reported by it
// or was by an earlier one.
//
// Mechanism: a page whose bit is clear is write-protected, so its next write faults, and the fault sets the bit. Reading takes a
// snapshot of the bits and clears them, then write-protects their pages, then flushes TLBs, then returns: a write through a stale TLB
// entry in between is covered by the snapshot already taken.
public sealed partial class Kvm
{
    /// <summary>mark_page_dirty(): notes that the guest writes to a frame.</summary>
    /// <remarks>
    /// Mirrors: mark_page_dirty(), virt/kvm/kvm_main.c (v6.8).
    /// Locking: kvm->srcu.
    /// </remarks>
    /// <param name="cpu">The vCPU's thread.</param>
    /// <param name="gfn">The frame.</param>
    /// <returns>When it is noted.</returns>
    public async Coroutine MarkPageDirty(Cpu cpu, Gfn gfn)
    {
        Memslot? slot = await GfnToMemslot(cpu, gfn);
        await MarkPageDirtyInSlot(cpu, slot, gfn);
    }

    /// <summary>mark_page_dirty_in_slot(): the same, with the memslot looked up before.</summary>
    /// <remarks>
    /// Mirrors: mark_page_dirty_in_slot(), virt/kvm/kvm_main.c (v6.8).
    /// Locking: kvm->srcu, held since the memslot was looked up.
    /// </remarks>
    /// <param name="cpu">The vCPU's thread.</param>
    /// <param name="slot">The memslot; null for none.</param>
    /// <param name="gfn">The frame.</param>
    /// <returns>When it is noted.</returns>
    public async Coroutine MarkPageDirtyInSlot(Cpu cpu, Memslot? slot, Gfn gfn)
    {
        if (slot is null || !slot.IsDirtyTrackEnabled(cpu))
        {
            return;
        }

        ulong offset = gfn - slot.BaseGfn(cpu);
        if (UsesDirtyRing)
        {
            await PushDirtyGfn(cpu, slot, offset);
            Tracepoints?.PageDirtied(cpu, this, gfn);
            return;
        }

        if (slot.DirtyBitmap(cpu) is not { } bitmap)
        {
            return;
        }

        await cpu.AtomicOr(bitmap[(int)(offset / DirtyBitmap.PagesPerWord)], 1UL << (int)(offset % DirtyBitmap.PagesPerWord));
        cpu.Log($"  mark_page_dirty(gfn {gfn})");
        Tracepoints?.PageDirtied(cpu, this, gfn);
    }

    /// <summary>KVM_GET_DIRTY_LOG: copies the bits; without manual protection also clears them and write-protects their pages.</summary>
    /// <remarks>
    /// Mirrors: kvm_vm_ioctl_get_dirty_log(), kvm_get_dirty_log_protect(), virt/kvm/kvm_main.c (v6.8).
    /// Locking: takes slots_lock, then mmu_lock.
    /// Differs: words that are not locked are read with marked reads.
    /// </remarks>
    /// <param name="cpu">The caller.</param>
    /// <param name="slotId">The memslot's number.</param>
    /// <param name="buffer">User space's buffer; its first words are filled.</param>
    /// <param name="addressSpace">The address space.</param>
    /// <returns>0; -EINVAL for a bad argument; -ENOENT where writes are not tracked; -ENXIO where rings are used; -EFAULT where the buffer is too small.</returns>
    public async Coroutine<int> GetDirtyLog(Cpu cpu, int slotId, ulong[] buffer, int addressSpace = 0)
    {
        await cpu.Lock(SlotsLock);
        int result = await GetDirtyLogProtect(cpu, slotId, buffer, addressSpace);
        await cpu.Unlock(SlotsLock);
        return result;
    }

    /// <summary>KVM_CLEAR_DIRTY_LOG: clears bits and write-protects their pages.</summary>
    /// <remarks>
    /// Mirrors: kvm_vm_ioctl_clear_dirty_log(), kvm_clear_dirty_log_protect(), virt/kvm/kvm_main.c (v6.8).
    /// Locking: takes slots_lock, then mmu_lock.
    /// </remarks>
    /// <param name="cpu">The caller.</param>
    /// <param name="slotId">The memslot's number.</param>
    /// <param name="firstPage">The first page, counted from the memslot's first; a multiple of 64.</param>
    /// <param name="numPages">How many pages; a multiple of 64 unless it reaches the memslot's end.</param>
    /// <param name="buffer">Which of them to clear, bit 0 of word 0 for <paramref name="firstPage"/>.</param>
    /// <param name="addressSpace">The address space.</param>
    /// <returns>0; -EINVAL for a bad argument; -ENOENT where writes are not tracked; -ENXIO where rings are used; -EFAULT where the buffer is too small.</returns>
    public async Coroutine<int> ClearDirtyLog(Cpu cpu, int slotId, ulong firstPage, ulong numPages, ulong[] buffer, int addressSpace = 0)
    {
        await cpu.Lock(SlotsLock);
        int result = await ClearDirtyLogProtect(cpu, slotId, firstPage, numPages, buffer, addressSpace);
        await cpu.Unlock(SlotsLock);
        return result;
    }

    private async Coroutine<int> GetDirtyLogProtect(Cpu cpu, int slotId, ulong[] buffer, int addressSpace)
    {
        int error = TryFindDirtyLog(cpu, slotId, addressSpace, out Memslot? slot, out DirtyBitmap? bitmap);
        if (error != 0)
        {
            return error;
        }

        cpu.Log($"kvm_get_dirty_log_protect(slot {slotId})");
        if (bitmap!.WordCount > buffer.Length)
        {
            return -Errno.EFAULT;
        }

        if (Parameters.ManualProtect)
        {
            for (int i = 0; i < bitmap.WordCount; i++)
            {
                buffer[i] = await cpu.ReadOnce(bitmap[i]);
            }
        }
        else
        {
            bool flush = false;
            for (int i = 0; i < bitmap.WordCount; i++)
            {
                cpu.Write(bitmap.Scratch(i), 0);
            }

            await cpu.Lock(MmuLock);
            for (int i = 0; i < bitmap.WordCount; i++)
            {
                if (await cpu.ReadOnce(bitmap[i]) == 0)
                {
                    continue;
                }

                flush = true;
                ulong mask = await cpu.Xchg(bitmap[i], 0);
                cpu.Write(bitmap.Scratch(i), mask);
                cpu.Log($"  dirty_bitmap[{i}] => {mask:x}");
                await Arch.EnableLogDirtyPtMasked(cpu, slot!, (ulong)i * DirtyBitmap.PagesPerWord, mask);
            }

            await cpu.Unlock(MmuLock);
            if (flush)
            {
                await Arch.FlushRemoteTlbsMemslot(cpu, slot!);
            }

            for (int i = 0; i < bitmap.WordCount; i++)
            {
                buffer[i] = cpu.Read(bitmap.Scratch(i));
            }
        }

        Tracepoints?.DirtyLogRead(cpu, this, slot!, buffer.AsSpan(0, bitmap.WordCount), cleared: !Parameters.ManualProtect);
        return 0;
    }

    private async Coroutine<int> ClearDirtyLogProtect(Cpu cpu, int slotId, ulong firstPage, ulong numPages, ulong[] buffer, int addressSpace)
    {
        if (firstPage % DirtyBitmap.PagesPerWord != 0)
        {
            return -Errno.EINVAL;
        }

        int error = TryFindDirtyLog(cpu, slotId, addressSpace, out Memslot? slot, out DirtyBitmap? bitmap);
        if (error != 0)
        {
            return error;
        }

        ulong npages = slot!.Npages(cpu);
        if (firstPage > npages || numPages > npages - firstPage ||
            (numPages < npages - firstPage && numPages % DirtyBitmap.PagesPerWord != 0))
        {
            return -Errno.EINVAL;
        }

        cpu.Log($"kvm_clear_dirty_log_protect(slot {slotId})");
        int first = (int)(firstPage / DirtyBitmap.PagesPerWord);
        int words = (int)((numPages + DirtyBitmap.PagesPerWord - 1) / DirtyBitmap.PagesPerWord);
        if (words > buffer.Length)
        {
            return -Errno.EFAULT;
        }

        for (int i = 0; i < words; i++)
        {
            cpu.Write(bitmap!.Scratch(i), buffer[i]);
        }

        bool flush = false;
        await cpu.Lock(MmuLock);
        for (int i = 0; i < words; i++)
        {
            ulong mask = cpu.Read(bitmap!.Scratch(i));
            if (mask == 0)
            {
                continue;
            }

            // Only what was set: never a page beyond the memslot's end, whatever user space asks for.
            mask &= await cpu.FetchAndNot(bitmap[first + i], mask);
            if (mask != 0)
            {
                flush = true;
                await Arch.EnableLogDirtyPtMasked(cpu, slot, (ulong)(first + i) * DirtyBitmap.PagesPerWord, mask);
            }
        }

        await cpu.Unlock(MmuLock);
        if (flush)
        {
            await Arch.FlushRemoteTlbsMemslot(cpu, slot);
        }

        Tracepoints?.DirtyLogRead(cpu, this, slot, buffer.AsSpan(0, words), cleared: true);
        return 0;
    }

    private int TryFindDirtyLog(Cpu cpu, int slotId, int addressSpace, out Memslot? slot, out DirtyBitmap? bitmap)
    {
        slot = null;
        bitmap = null;
        if (UsesDirtyRing)
        {
            return -Errno.ENXIO; // dirty ring tracking is exclusive to dirty log tracking
        }

        if (addressSpace < 0 || addressSpace >= Parameters.AddressSpaces || slotId < 0 || slotId > short.MaxValue)
        {
            return -Errno.EINVAL;
        }

        slot = ActiveMemslotsLocked(cpu, addressSpace).IdToMemslot(cpu, slotId);
        bitmap = slot?.DirtyBitmap(cpu);
        return bitmap is null ? -Errno.ENOENT : 0;
    }
}
