namespace MmuStress.Mmu;

// Memslots: lookup, and the update protocol.
//
// Guarantee: a reader inside one SRCU section sees, of every memslot, one version or the next, never two apart; notifications see the
// same memslots at their start and at their end; a memslot is zapped after every vCPU can see that it is invalid and before it goes.
//
// Mechanism: two sets of memslots. An update changes the inactive one, waits until no notification is active, makes it the active one,
// waits for SRCU readers of the other, and repeats the change there. A deletion or a move does that twice: first it shows an INVALID copy.
public sealed partial class Kvm
{
    /// <summary>KVM_MEMSLOT_GEN_UPDATE_IN_PROGRESS.</summary>
    public const ulong MemslotGenUpdateInProgress = 1UL << 63;

    /// <summary>KVM_MEM_MAX_NR_PAGES: how many pages a memslot can have.</summary>
    public const ulong MemMaxNrPages = (1UL << 31) - 1;

    /// <summary>KVM_MEM_SLOTS_NUM: numbers of memslots are smaller.</summary>
    public const int MemSlotsNum = short.MaxValue;

    /// <summary>kvm_memslots(): the active set.</summary>
    /// <remarks>Locking: kvm->srcu or slots_lock.</remarks>
    /// <param name="cpu">The reader.</param>
    /// <param name="addressSpace">The address space.</param>
    /// <returns>The set.</returns>
    public ConvertedStep<(MemslotSet[] Sets, int First), MemslotSet> Memslots(Cpu cpu, int addressSpace = 0) =>
        cpu.LoadAcquire(ActiveMemslots(addressSpace)).Then((Sets: memslotSets, First: addressSpace * 2), static (at, active) => at.Sets[at.First + (int)active]);

    /// <summary>The active set, for checkers: read by nobody.</summary>
    /// <param name="addressSpace">The address space.</param>
    /// <returns>The set.</returns>
    public MemslotSet PeekMemslots(int addressSpace = 0) => memslotSets[(addressSpace * 2) + (int)ActiveMemslots(addressSpace).Peek];

    /// <summary>gfn_to_memslot(): the memslot that covers a guest frame.</summary>
    /// <remarks>Locking: kvm->srcu or slots_lock.</remarks>
    /// <param name="cpu">The reader.</param>
    /// <param name="gfn">The frame.</param>
    /// <returns>The memslot, or null.</returns>
    public ConvertedStep<(MemslotSet[] Sets, Cpu Reader, Gfn Gfn), Memslot?> GfnToMemslot(Cpu cpu, Gfn gfn) =>
        cpu.LoadAcquire(ActiveMemslots(0)).Then((Sets: memslotSets, Reader: cpu, Gfn: gfn), static (at, active) => at.Sets[active].GfnToMemslot(at.Reader, at.Gfn));

    /// <summary>gfn_to_hva_memslot_prot(): where the host process has a frame of <paramref name="slot"/>, and whether the guest may write there.</summary>
    /// <remarks>Locking: kvm->srcu or slots_lock.</remarks>
    /// <param name="cpu">The reader.</param>
    /// <param name="slot">The memslot; null for none.</param>
    /// <param name="gfn">The frame.</param>
    /// <param name="hva">Where.</param>
    /// <param name="writable">Whether the guest may write.</param>
    /// <returns>False where the kernel returns KVM_HVA_ERR_BAD: no memslot, or one that is INVALID.</returns>
    public static bool TryGfnToHvaMemslotProt(Cpu cpu, Memslot? slot, Gfn gfn, out Hva hva, out bool writable)
    {
        if (slot is null || (slot.Flags(cpu) & MemslotFlags.Invalid) != MemslotFlags.None)
        {
            hva = default;
            writable = false;
            return false;
        }

        hva = slot.HvaOf(cpu, gfn);
        writable = !slot.IsReadOnly(cpu);
        return true;
    }

    /// <summary>KVM_SET_USER_MEMORY_REGION: creates, deletes, moves a memslot or changes its flags.</summary>
    /// <remarks>
    /// Mirrors: kvm_set_memory_region(), __kvm_set_memory_region() (v6.8).
    /// Locking: takes slots_lock.
    /// Differs: a memslot beyond the guest's physical address space is refused here with -EINVAL for every MMU; the v3 and v20 postings
    /// accept it, and their walkers then leave the top-level table.
    /// </remarks>
    /// <param name="cpu">The caller.</param>
    /// <param name="region">What it asks for.</param>
    /// <returns>0 or a negative error number.</returns>
    public async Coroutine<int> SetMemoryRegion(Cpu cpu, UserspaceMemoryRegion region)
    {
        await cpu.Lock(SlotsLock);
        int result = await SetMemoryRegionLocked(cpu, region);
        await cpu.Unlock(SlotsLock);
        return result;
    }

    private async Coroutine<int> SetMemoryRegionLocked(Cpu cpu, UserspaceMemoryRegion region)
    {
        if (WrongWith(region) is { } problem)
        {
            cpu.Log($"kvm_set_memory_region() => -EINVAL: {problem}");
            return -Errno.EINVAL;
        }

        MemslotSet slots = ActiveMemslotsLocked(cpu, region.AddressSpace);
        Memslot? old = slots.IdToMemslot(cpu, region.Slot);
        if (region.MemorySize == 0)
        {
            return old is null ? -Errno.EINVAL : await SetMemslot(cpu, old, null, MemslotChange.Delete);
        }

        MemslotChange change;
        if (old is null)
        {
            if (slots.Count(cpu) == slots.Limit)
            {
                return -Errno.EINVAL;
            }

            change = MemslotChange.Create;
        }
        else
        {
            if (region.UserspaceAddr != old.UserspaceAddr(cpu) || region.MemorySize >> PageSize.Shift != old.Npages(cpu) ||
                ((region.Flags ^ old.Flags(cpu)) & MemslotFlags.ReadOnly) != MemslotFlags.None)
            {
                return -Errno.EINVAL;
            }

            if (region.GuestPhysAddr.Gfn != old.BaseGfn(cpu))
            {
                change = MemslotChange.Move;
            }
            else if (region.Flags != old.Flags(cpu))
            {
                change = MemslotChange.FlagsOnly;
            }
            else
            {
                return 0;
            }
        }

        Gfn first = region.GuestPhysAddr.Gfn;
        if (change is MemslotChange.Create or MemslotChange.Move &&
            slots.Overlaps(cpu, region.Slot, new GfnRange(first, first + (region.MemorySize >> PageSize.Shift))))
        {
            cpu.Log($"kvm_set_memory_region() => -EEXIST: another memslot has one of these guest frames");
            return -Errno.EEXIST;
        }

        Memslot @new = AllocateMemslot();
        @new.Initialise(cpu, region);
        int result = await SetMemslot(cpu, old, @new, change);
        if (result != 0)
        {
            FreeMemslot(cpu, @new);
        }

        return result;
    }

    // The checks at the beginning of __kvm_set_memory_region(), which concern nothing but the region. Null where all is well.
    private string? WrongWith(in UserspaceMemoryRegion region)
    {
        const ulong OffsetMask = PageSize.Bytes - 1;
        ulong gpa = region.GuestPhysAddr.Value;
        ulong hva = region.UserspaceAddr.Value;
        ulong size = region.MemorySize;
        return (region.Flags & ~(MemslotFlags.LogDirtyPages | MemslotFlags.ReadOnly)) != MemslotFlags.None ? "a flag that user space cannot set"
            : (size & OffsetMask) != 0 ? "the size is not a multiple of the page size"
            : (gpa & OffsetMask) != 0 ? "the guest address is not at the beginning of a page"
            : (hva & OffsetMask) != 0 ? "the host address is not at the beginning of a page"
            : hva + size < hva ? "the host addresses wrap around" // access_ok()
            : region.AddressSpace < 0 || region.AddressSpace >= Parameters.AddressSpaces ? "there is no such address space"
            : region.Slot is < 0 or >= MemSlotsNum ? "there is no memslot of that number"
            : gpa + size < gpa ? "the guest addresses wrap around, or end with the last page there is"
            : size >> PageSize.Shift > MemMaxNrPages ? "a memslot has fewer than 2^31 pages"
            : (gpa + size) >> PageSize.Shift > Arch.GpaFrames ? "the guest addresses leave the guest's physical address space"
            : null;
    }

    // kvm_set_memslot(). Holds slots_lock.
    private async Coroutine<int> SetMemslot(Cpu cpu, Memslot? old, Memslot? @new, MemslotChange change)
    {
        cpu.Log($"kvm_set_memslot({change}, {Describe(@new ?? old!)})");
        bool zaps = change is MemslotChange.Delete or MemslotChange.Move;
        int addressSpace = (old ?? @new)!.AddressSpace(cpu);
        Memslot? invalid = null;

        await cpu.Lock(SlotsArchLock);
        if (zaps)
        {
            invalid = AllocateMemslot();
            await InvalidateMemslot(cpu, old!, invalid, addressSpace);
        }

        int result = PrepareMemoryRegion(cpu, old, @new, change);
        if (result != 0)
        {
            if (zaps)
            {
                await ActivateMemslot(cpu, invalid!, old, addressSpace);
                FreeMemslot(cpu, invalid!);
            }
            else
            {
                await cpu.Unlock(SlotsArchLock);
            }

            return result;
        }

        // kvm_create_memslot(), kvm_delete_memslot(), kvm_move_memslot(), kvm_update_flags_memslot(): the inactive set still holds the
        // old memslot, the active one holds the INVALID copy where there is one.
        MemslotSet inactive = InactiveMemslots(cpu, addressSpace);
        inactive.Replace(cpu, old, @new);
        await ActivateMemslot(cpu, invalid ?? old, @new, addressSpace);
        if (zaps)
        {
            FreeMemslot(cpu, invalid!);
        }

        await CommitMemoryRegion(cpu, old, @new, change);
        return 0;
    }

    // kvm_invalidate_memslot(). Returns with slots_arch_lock held again.
    private async Coroutine InvalidateMemslot(Cpu cpu, Memslot old, Memslot invalid, int addressSpace)
    {
        invalid.InitialiseAsInvalid(cpu, old);
        MemslotSet inactive = InactiveMemslots(cpu, addressSpace);
        inactive.Replace(cpu, old, invalid);
        await SwapActiveMemslots(cpu, addressSpace);

        // Nobody can look up the old memslot any more: what is mapped through it goes.
        await Arch.FlushShadowMemslot(cpu, old);
        await cpu.Lock(SlotsArchLock);

        // The set that was active before still holds the old memslot, which the next step replaces.
    }

    // kvm_activate_memslot(). Returns with slots_arch_lock released.
    private async Coroutine ActivateMemslot(Cpu cpu, Memslot? old, Memslot? @new, int addressSpace)
    {
        await SwapActiveMemslots(cpu, addressSpace);
        MemslotSet inactive = InactiveMemslots(cpu, addressSpace);
        inactive.Replace(cpu, old, @new);
    }

    // kvm_swap_active_memslots(). Releases slots_arch_lock.
    private async Coroutine SwapActiveMemslots(Cpu cpu, int addressSpace)
    {
        SlotsLock.AssertHeld(cpu);
        SlotsArchLock.AssertHeld(cpu);
        MemslotSet slots = InactiveMemslots(cpu, addressSpace);
        MemslotSet active = ActiveMemslotsLocked(cpu, addressSpace);
        ulong generation = cpu.Read(active.Generation);
        WarnOn(cpu, (generation & MemslotGenUpdateInProgress) != 0, "the active memslots are being updated already");
        cpu.Write(slots.Generation, generation | MemslotGenUpdateInProgress);

        await MmuNotifier.InstallMemslots(cpu, ActiveMemslots(addressSpace), ReferenceEquals(slots, memslotSets[addressSpace * 2]) ? 0UL : 1);

        // A reader may take slots_arch_lock inside its section, so it must be free while readers are waited for.
        await cpu.Unlock(SlotsArchLock);
        await cpu.SynchronizeSrcu(Srcu);
        generation = (generation + (ulong)Parameters.AddressSpaces) & generationMask;
        cpu.Log($"kvm_swap_active_memslots() => generation {generation}");
        await cpu.WriteOnce(slots.Generation, generation);
    }

    // kvm_prepare_memory_region().
    private int PrepareMemoryRegion(Cpu cpu, Memslot? old, Memslot? @new, MemslotChange change)
    {
        DirtyBitmap? allocated = null;
        if (@new is not null)
        {
            if (!@new.IsDirtyTrackEnabled(cpu))
            {
                @new.SetDirtyBitmap(cpu, null);
            }
            else if (UsesDirtyRing)
            {
                @new.SetDirtyBitmap(cpu, null); // !kvm_use_dirty_bitmap()
            }
            else if (old?.DirtyBitmap(cpu) is { } bitmap)
            {
                @new.SetDirtyBitmap(cpu, bitmap);
            }
            else
            {
                allocated = new DirtyBitmap(Machine, @new.Npages(cpu));
                if (Parameters.IsManualProtectAndInitSet)
                {
                    allocated.SetAll(cpu);
                }

                @new.SetDirtyBitmap(cpu, allocated);
            }
        }

        int result = Arch.PrepareMemoryRegion(cpu, old, @new, change);
        if (result != 0)
        {
            allocated?.Free(cpu);
        }

        return result;
    }

    // kvm_commit_memory_region(). Holds slots_lock only.
    private async Coroutine CommitMemoryRegion(Cpu cpu, Memslot? old, Memslot? @new, MemslotChange change)
    {
        if (change == MemslotChange.Delete)
        {
            cpu.Write(NrMemslotPages, cpu.Read(NrMemslotPages) - old!.Npages(cpu));
        }
        else if (change == MemslotChange.Create)
        {
            cpu.Write(NrMemslotPages, cpu.Read(NrMemslotPages) + @new!.Npages(cpu));
        }

        bool logged = old is not null && old.IsDirtyTrackEnabled(cpu);
        bool logs = @new is not null && @new.IsDirtyTrackEnabled(cpu);
        if (logged != logs)
        {
            cpu.Write(NrMemslotsDirtyLogging, cpu.Read(NrMemslotsDirtyLogging) + (logs ? 1UL : ulong.MaxValue));
        }

        await Arch.CommitMemoryRegion(cpu, old, @new, change);
        Tracepoints?.MemslotCommitted(cpu, this, change, old, @new);
        if (old is null)
        {
            return;
        }

        if (old.DirtyBitmap(cpu) is { } bitmap && @new?.DirtyBitmap(cpu) is null)
        {
            bitmap.Free(cpu);
        }

        FreeMemslot(cpu, old);
    }

    // __kvm_memslots() and kvm_get_inactive_memslots() for who holds slots_lock.
    private MemslotSet ActiveMemslotsLocked(Cpu cpu, int addressSpace) =>
        memslotSets[(addressSpace * 2) + (int)cpu.Read(ActiveMemslots(addressSpace))];

    private MemslotSet InactiveMemslots(Cpu cpu, int addressSpace) =>
        memslotSets[(addressSpace * 2) + (int)(cpu.Read(ActiveMemslots(addressSpace)) ^ 1)];

    // kvm_arch_destroy_vm() of x86: deletes memslots with KVM_SET_USER_MEMORY_REGION's own code.
    private async Coroutine DeleteMemslots(Cpu cpu)
    {
        for (int addressSpace = 0; addressSpace < Parameters.AddressSpaces; addressSpace++)
        {
            MemslotSet slots = PeekMemslots(addressSpace);
            while (slots.Count(cpu) > 0)
            {
                int result = await SetMemoryRegion(cpu, UserspaceMemoryRegion.Deletion(slots.At(cpu, 0).Id(cpu), addressSpace));
                Invariant.Holds(result == 0, "a memslot that exists can be deleted");
                slots = PeekMemslots(addressSpace);
            }
        }
    }

    // kvm_free_memslots(), for both sets, which hold the same memslots.
    private void FreeMemslots(Cpu cpu)
    {
        for (int i = 0; i < memslotSets.Length; i += 2)
        {
            MemslotSet slots = memslotSets[i];
            for (int count = slots.Count(cpu); count > 0; count--)
            {
                Memslot slot = slots.At(cpu, count - 1);
                slot.DirtyBitmap(cpu)?.Free(cpu);
                FreeMemslot(cpu, slot);
            }
        }
    }

    // kzalloc().
    private Memslot AllocateMemslot()
    {
        ulong handle = memslotTable.Take();
        var slot = new Memslot(Machine, handle);
        memslotTable.Set(handle, slot);
        return slot;
    }

    // kfree().
    private void FreeMemslot(Cpu cpu, Memslot slot)
    {
        slot.Free(cpu);
        memslotTable.Retire(slot.Handle);
    }

    private static string Describe(Memslot slot)
    {
        (int id, GfnRange gfns, Hva hva, _) = slot.Peek();
        return $"slot {id} = gfn {gfns} at hva {hva}";
    }
}
