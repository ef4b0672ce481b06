namespace MmuStress.Mmu;

/// <summary>struct gfn_to_pfn_cache: KVM's own way to a page of guest memory, kept from one use to the next.</summary>
/// <remarks>
/// <para>
/// <b>Guarantee.</b> Who holds gpc->lock for read and finds by <see cref="Check"/> that the cache is valid for an address may use
/// <see cref="Khva"/> until the lock is given back: it leads to the page that the host maps there.
/// </para>
/// <para>
/// Mechanism: invalidate_range_start takes gpc->lock for write and makes the cache invalid, so it waits for users. <see cref="Refresh"/>
/// drops the lock while it looks the page up, and starts over where a notification is active or one has ended meanwhile. It looks at
/// mn_active_invalidate_count and not at mmu_invalidate_in_progress, as caches are made invalid before the latter is raised.
/// </para>
/// Mirrors: virt/kvm/pfncache.c at 0318f207d1c2.
/// Locking: gpc_lock > lock; refresh_lock > lock. Activating and deactivating are for one thread at a time, as under kvm->lock.
/// Differs: only KVM uses the page (KVM_HOST_USES_PFN), no guest. kmap() is arithmetic, as where there is no high memory, so there is
/// nothing to unmap. Interrupts are not turned off. A length that does not fit into the page is refused by nobody, as there is none.
/// </remarks>
public class GfnToPfnCache
{
    private const int GpaField = 0;
    private const int GenerationField = 1;
    private const int UhvaField = 2;
    private const int KhvaField = 3;
    private const int PfnField = 4;
    private const int ActiveField = 5;
    private const int ValidField = 6;

    private const ulong HvaErrBad = ulong.MaxValue; // KVM_HVA_ERR_BAD
    private const ulong PfnErrFault = 0; // KVM_PFN_ERR_FAULT: no page has this number
    private const ulong OffsetMask = PageSize.Bytes - 1;

    private static readonly LockClass LockClass = new("gpc->lock", maySleep: false, isHeadline: true);
    private static readonly LockClass RefreshLockClass = new("gpc->refresh_lock", maySleep: true);
    private static readonly string[] Fields =
        ["gpc->gpa", "gpc->generation", "gpc->uhva", "gpc->khva", "gpc->pfn", "gpc->active", "gpc->valid"];

    private readonly Block block;
    private Memslot? memslot; // guarded by gpc->lock

    /// <summary>kvm_gpc_init(): a cache of <paramref name="kvm"/> that is not active; before any CPU runs.</summary>
    /// <param name="kvm">The VM.</param>
    public GfnToPfnCache(Kvm kvm)
    {
        Kvm = kvm;
        block = kvm.Machine.Memory.Allocate("gpc", Fields);
        Uhva.Initialise(HvaErrBad);
        Lock = new RwLock(kvm.Machine, LockClass);
        RefreshLock = new Mutex(kvm.Machine, RefreshLockClass);
        kvm.GpcListInit();
    }

    /// <summary>gpc->kvm: the VM.</summary>
    public Kvm Kvm { get; }

    /// <summary>gpc->lock: held for read by who uses the page, for write by who changes anything.</summary>
    public RwLock Lock { get; }

    /// <summary>gpc->refresh_lock: one refresh at a time, also while it has dropped <see cref="Lock"/>.</summary>
    public Mutex RefreshLock { get; }

    // Guarded by lock:

    /// <summary>gpc->khva: the page in KVM's own address space, its number and the offset in it; 0 for none.</summary>
    public Word Khva => block[KhvaField];

    /// <summary>gpc->active: whether it may be valid, which takes being in kvm->gpc_list.</summary>
    public Word Active => block[ActiveField];

    /// <summary>gpc->valid: whether the page is the one that the host maps.</summary>
    public Word Valid => block[ValidField];

    /// <summary>gpc->pfn.</summary>
    private protected Word Pfn => block[PfnField];

    /// <summary>gpc->uhva.</summary>
    private protected Word Uhva => block[UhvaField];

    private Word GpaWord => block[GpaField];

    private Word Generation => block[GenerationField];

    /// <summary>kvm_gpc_check(): whether the cache leads to the page behind <paramref name="gpa"/>.</summary>
    /// <remarks>Locking: kvm->srcu, and gpc->lock for read until the page is no longer used.</remarks>
    /// <param name="cpu">Who uses the cache.</param>
    /// <param name="gpa">The address.</param>
    /// <returns>False where it must be refreshed first.</returns>
    public async Coroutine<bool> Check(Cpu cpu, Gpa gpa)
    {
        Lock.AssertHeld(cpu);
        MemslotSet slots = await Kvm.Memslots(cpu);
        if (!IsConsumable(cpu))
        {
            return false;
        }

        if (cpu.Read(GpaWord) != gpa.Value || cpu.Read(Uhva) == HvaErrBad || cpu.Read(Generation) != await cpu.ReadOnce(slots.Generation))
        {
            return false;
        }

        return cpu.Read(Valid) != 0;
    }

    /// <summary>kvm_gpc_refresh(): has the cache lead to the page behind <paramref name="gpa"/>.</summary>
    /// <remarks>Locking: kvm->srcu; takes gpc->refresh_lock and gpc->lock; sleeps.</remarks>
    /// <param name="cpu">Who uses the cache.</param>
    /// <param name="gpa">The address.</param>
    /// <returns>0; -EINVAL where it is not active; -EFAULT where there is no page.</returns>
    public virtual async Coroutine<int> Refresh(Cpu cpu, Gpa gpa)
    {
        MemslotSet slots = await Kvm.Memslots(cpu);

        // Concurrent refreshes may see other addresses and other memslots, so they must be fully serialized.
        await cpu.Lock(RefreshLock);
        await cpu.Lock(Lock);
        if (!IsConsumable(cpu))
        {
            await cpu.Unlock(Lock);
            await cpu.Unlock(RefreshLock);
            return -Errno.EINVAL;
        }

        cpu.Log($"kvm_gpc_refresh(gfn {gpa.Gfn})");
        ulong oldKhva = cpu.Read(Khva) & ~OffsetMask;
        ulong oldUhva = cpu.Read(Uhva);
        int ret = 0;

        // If the userspace HVA is invalid, refresh that first.
        if (await RefreshUhva(cpu, slots, gpa))
        {
            // If the userspace HVA changed or the PFN was already invalid, drop the lock and do the HVA to PFN lookup again.
            if (cpu.Read(Valid) == 0 || oldUhva != cpu.Read(Uhva))
            {
                ret = await HvaToPfnRetry(cpu, gpa);
            }
            else
            {
                cpu.Write(Khva, oldKhva + (gpa.Value & OffsetMask));
            }
        }
        else
        {
            ret = -Errno.EFAULT;
        }

        // Invalidate the cache and purge the pfn/khva if the refresh failed.
        if (ret != 0)
        {
            cpu.Write(Valid, 0);
            cpu.Write(Pfn, PfnErrFault);
            cpu.Write(Khva, 0);
        }

        await cpu.Unlock(Lock);
        await cpu.Unlock(RefreshLock);
        return ret;
    }

    /// <summary>kvm_gpc_activate(): makes the cache reachable by notifications, then valid.</summary>
    /// <remarks>Locking: kvm->srcu, and whatever keeps other activations away; takes gpc_lock, gpc->lock and gpc->refresh_lock.</remarks>
    /// <param name="cpu">The caller.</param>
    /// <param name="gpa">The first address it is for.</param>
    /// <returns>As <see cref="Refresh"/>.</returns>
    public virtual async Coroutine<int> Activate(Cpu cpu, Gpa gpa)
    {
        cpu.Log($"kvm_gpc_activate(gfn {gpa.Gfn})");
        if (cpu.Read(Active) == 0)
        {
            Forget(cpu);
            await Kvm.GpcListAdd(cpu, this);

            // A concurrent refresh must not establish a mapping until the cache is reachable by mmu_notifier events.
            await cpu.Lock(Lock);
            cpu.Write(Active, 1);
            await cpu.Unlock(Lock);
        }

        return await Refresh(cpu, gpa);
    }

    /// <summary>kvm_gpc_deactivate(): nobody can use the cache when it returns.</summary>
    /// <remarks>Locking: whatever keeps other activations away; takes gpc->lock, gpc_lock and gpc->refresh_lock.</remarks>
    /// <param name="cpu">The caller.</param>
    /// <returns>When it is done.</returns>
    public virtual async Coroutine Deactivate(Cpu cpu)
    {
        cpu.Log($"kvm_gpc_deactivate()");
        if (cpu.Read(Active) == 0)
        {
            return;
        }

        // Notifications must find the cache until all users have gone away and a refresh is guaranteed to fail.
        await cpu.Lock(Lock);
        cpu.Write(Active, 0);
        await cpu.Unlock(Lock);
        await Kvm.GpcListDel(cpu, this);
        await Unmap(cpu);
    }

    /// <summary>A use of the cache: writes through <see cref="Khva"/>, after refreshing it where that is needed.</summary>
    /// <remarks>
    /// Mirrors: kvm_setup_guest_pvclock(), arch/x86/kvm/x86.c; kvm_xen_update_runstate_guest(), arch/x86/kvm/xen.c.
    /// Locking: takes kvm->srcu and gpc->lock.
    /// </remarks>
    /// <param name="cpu">The vCPU's thread.</param>
    /// <param name="gpa">Where to write.</param>
    /// <param name="value">What to write.</param>
    /// <param name="tries">How often to refresh before giving up, as users do that must not sleep for long.</param>
    /// <returns>Whether it was written.</returns>
    public async Coroutine<bool> WriteGuest(Cpu cpu, Gpa gpa, ulong value, int tries)
    {
        ulong index = await cpu.SrcuReadLock(Kvm.Srcu);
        await cpu.ReadLock(Lock);
        bool isValid = await Check(cpu, gpa);
        for (; !isValid && tries > 0; tries--)
        {
            await cpu.ReadUnlock(Lock);
            if (await Refresh(cpu, gpa) != 0)
            {
                await cpu.SrcuReadUnlock(Kvm.Srcu, index);
                return false;
            }

            await cpu.ReadLock(Lock);
            isValid = await Check(cpu, gpa);
        }

        if (isValid)
        {
            ulong khva = cpu.Read(Khva);
            Kvm.WarnOn(cpu, khva == 0, "NULL is dereferenced: a gfn_to_pfn_cache is valid and has no khva");
            if (khva != 0)
            {
                Frame frame = Kvm.Mm.Memory.FrameAt(new Pfn(khva >> PageSize.Shift));
                await cpu.WriteOnce(frame.Content, value);
                cpu.Log($"writes {value} through khva of gfn {gpa.Gfn} (pfn {frame.Pfn})");
                Kvm.Tracepoints?.PfnCacheUsed(cpu, Kvm, gpa.Gfn, frame, value);
                await Kvm.MarkPageDirtyInSlot(cpu, memslot, gpa.Gfn); // kvm_gpc_mark_dirty_in_slot()
            }
        }

        await cpu.ReadUnlock(Lock);
        await cpu.SrcuReadUnlock(Kvm.Srcu, index);
        return isValid;
    }

    /// <summary>The part of gfn_to_pfn_cache_invalidate_start() that is about one cache.</summary>
    /// <remarks>Locking: gpc_lock; takes gpc->lock.</remarks>
    /// <param name="cpu">The notifier's caller.</param>
    /// <param name="range">What the host is going to change.</param>
    /// <returns>When nobody uses the page any more that lies in it.</returns>
    internal async Coroutine InvalidateStart(Cpu cpu, HvaRange range)
    {
        await cpu.Lock(Lock);

        // Only a single page so no need to care about length.
        if (cpu.Read(Valid) != 0 && cpu.Read(Pfn) != PfnErrFault && cpu.Read(Uhva) >= range.Start.Value && cpu.Read(Uhva) < range.End.Value)
        {
            cpu.Write(Valid, 0);
            cpu.Log($"  gpc->valid = false");
        }

        await cpu.Unlock(Lock);
    }

    /// <summary>Whether the cache may be used or refreshed at all: gpc->active.</summary>
    /// <remarks>Locking: gpc->lock.</remarks>
    /// <param name="cpu">The caller.</param>
    /// <returns>True when it may.</returns>
    private protected virtual bool IsConsumable(Cpu cpu) => cpu.Read(Active) != 0;

    // What kvm_gpc_activate() sets before anybody can find the cache.
    private protected void Forget(Cpu cpu)
    {
        cpu.Write(Khva, 0);
        cpu.Write(Pfn, PfnErrFault);
        cpu.Write(Uhva, HvaErrBad);
        cpu.Write(Valid, 0);
    }

    // Where the host has the page, if the address or the memslots are not those of before. Caller holds gpc->lock for write.
    private protected async Coroutine<bool> RefreshUhva(Cpu cpu, MemslotSet slots, Gpa gpa)
    {
        ulong generation = await cpu.ReadOnce(slots.Generation);
        if (cpu.Read(GpaWord) == gpa.Value && cpu.Read(Generation) == generation && cpu.Read(Uhva) != HvaErrBad)
        {
            return true;
        }

        cpu.Write(GpaWord, gpa.Value);
        cpu.Write(Generation, generation);
        memslot = slots.GfnToMemslot(cpu, gpa.Gfn);
        bool isGood = Kvm.TryGfnToHvaMemslotProt(cpu, memslot, gpa.Gfn, out Hva hva, out bool writable) && writable;
        cpu.Write(Uhva, isGood ? hva.Value : HvaErrBad);
        return isGood;
    }

    // kvm_gpc_unmap().
    private protected virtual async Coroutine Unmap(Cpu cpu)
    {
        await cpu.Lock(RefreshLock);
        await cpu.Lock(Lock);
        cpu.Write(Valid, 0);
        cpu.Write(Khva, 0);
        cpu.Write(Pfn, PfnErrFault);
        await cpu.Unlock(Lock);
        await cpu.Unlock(RefreshLock);
    }

    // hva_to_pfn_retry(). Caller holds gpc->refresh_lock, and gpc->lock for write, which is dropped meanwhile.
    private async Coroutine<int> HvaToPfnRetry(Cpu cpu, Gpa gpa)
    {
        RefreshLock.AssertHeld(cpu);
        Lock.AssertHeld(cpu);

        // Address and memslots are the new ones already, so that a concurrent check() may find nothing wrong with them.
        cpu.Write(Valid, 0);
        Frame? tried = null;
        while (true)
        {
            ulong mmuSeq = await cpu.ReadOnce(Kvm.MmuInvalidateSeq);
            cpu.Log($"  seq = mmu_invalidate_seq => {mmuSeq}");
            await cpu.Rmb();
            await cpu.Unlock(Lock);
            if (tried is not null)
            {
                await Kvm.ReleasePfnClean(cpu, tried);
                await cpu.CondResched();
            }

            // We always request a writeable mapping.
            UserPage page = await Kvm.Mm.GetUserPage(cpu, new Hva(cpu.Read(Uhva)), write: true);
            if (!page.Ok)
            {
                await cpu.Lock(Lock);
                return -Errno.EFAULT;
            }

            cpu.Log($"  hva_to_pfn() => pfn {page.Pfn}");
            tried = page.Frame!;
            await cpu.Lock(Lock);

            // Other tasks must wait for this refresh to complete before attempting to refresh.
            Kvm.WarnOn(cpu, cpu.Read(Valid) != 0, "a gfn_to_pfn_cache became valid during a refresh");
            if (!await MmuNotifierRetryCache(cpu, mmuSeq))
            {
                break;
            }
        }

        cpu.Log($"  gpc->valid = true, gpc->pfn = {tried.Pfn}");
        cpu.Write(Valid, 1);
        cpu.Write(Pfn, tried.Pfn.Value);
        cpu.Write(Khva, (tried.Pfn.Value << PageSize.Shift) + (gpa.Value & OffsetMask));

        // The page is now tracked by the cache: it can be migrated, swapped out, ..., as the cache is told of that.
        await Kvm.ReleasePfnClean(cpu, tried);
        return 0;
    }

    // mmu_notifier_retry_cache().
    private async Coroutine<bool> MmuNotifierRetryCache(Cpu cpu, ulong mmuSeq)
    {
        if (await cpu.ReadOnce(Kvm.MnActiveInvalidateCount) != 0)
        {
            cpu.Log($"  mmu_notifier_retry_cache() => yes, one is active");
            return true;
        }

        // The smaller count and the old sequence must not be seen: pairs with the smp_wmb in kvm_mmu_invalidate_end().
        await cpu.Rmb();
        bool retry = await cpu.ReadOnce(Kvm.MmuInvalidateSeq) != mmuSeq;
        cpu.Log($"  mmu_notifier_retry_cache() => {(retry ? "yes" : "no")}");
        return retry;
    }
}
