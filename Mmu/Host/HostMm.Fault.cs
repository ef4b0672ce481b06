namespace MmuStress.Mmu;

/// <content>Looking pages up, faulting them in and breaking copy-on-write: mm/gup.c and mm/memory.c.</content>
public sealed partial class HostMm
{
    private enum FaultResult
    {
        Failed,
        Retry,
        Mapped,
    }

    /// <summary>get_user_pages of one page as KVM uses it: the page at <paramref name="hva"/>, faulted in where it is missing, with a reference taken.</summary>
    /// <remarks>
    /// Mirrors: hva_to_pfn_fast() and hva_to_pfn_slow(), virt/kvm/kvm_main.c; get_user_pages_unlocked(), follow_page_pte(), mm/gup.c (v6.1).
    /// Locking: takes the page_table_lock, and mmap_lock for read where it must fault; may sleep. Calls notifiers itself where it breaks copy-on-write.
    /// Differs: the fast half takes the page_table_lock instead of walking with interrupts off (but see <see cref="HostMmParameters.LooksUpWithoutLock"/>). A page that the host maps writable is reported so for
    /// a read too, which the kernel looks up in a second step. A page that was just faulted in is not looked up again.
    /// </remarks>
    /// <param name="hva">The address.</param>
    /// <param name="write">Whether the page is going to be written.</param>
    /// <returns>The page, or nothing where there is no VMA or it forbids the access.</returns>
    public async Coroutine<UserPage> GetUserPage(Cpu cpu, Hva hva, bool write)
    {
        cpu.Held.AssertMaySleep("get_user_pages");
        ulong page = hva.Page;
        if (page >= (ulong)Pages)
        {
            return default;
        }

        SpinLock pageTableLock = LockOf(page);
        while (true)
        {
            bool isLocked = !Parameters.LooksUpWithoutLock;
            if (isLocked)
            {
                await cpu.Lock(pageTableLock);
            }

            HostPte pte = isLocked ? ReadPte(cpu, page) : new HostPte(await cpu.HardwareRead(pageTable[(int)page]));
            bool isFound = pte.IsPresent && (!write || pte.IsWritable);
            Frame? frame = isFound ? Memory.FrameAt(pte.Pfn) : null;
            if (isFound)
            {
                await Memory.Get(cpu, frame!);
            }

            if (isLocked)
            {
                await cpu.Unlock(pageTableLock);
            }

            if (isFound)
            {
                return new UserPage(frame!, pte.IsWritable);
            }

            Fault fault = await HandleMmFault(cpu, page, write, takeReference: true);
            if (fault.Result != FaultResult.Retry)
            {
                return fault.Page;
            }
        }
    }

    /// <summary>A read by the process itself, in user space.</summary>
    /// <remarks>Locking: the page_table_lock stands for the host's TLB; see <see cref="HostMm"/>.</remarks>
    /// <returns>What it read; null where it would get SIGSEGV, or SIGBUS from a poisoned page.</returns>
    public Coroutine<ulong?> HostRead(Cpu cpu, Hva hva) => HostAccess(cpu, hva, write: false, value: 0);

    /// <summary>A write by the process itself, in user space.</summary>
    /// <remarks>Locking: the page_table_lock stands for the host's TLB; see <see cref="HostMm"/>.</remarks>
    /// <returns>Whether it was done; false where it would get SIGSEGV, or SIGBUS from a poisoned page.</returns>
    public async Coroutine<bool> HostWrite(Cpu cpu, Hva hva, ulong value) => await HostAccess(cpu, hva, write: true, value) is not null;

    private async Coroutine<ulong?> HostAccess(Cpu cpu, Hva hva, bool write, ulong value)
    {
        ulong page = hva.Page;
        if (page >= (ulong)Pages)
        {
            return null;
        }

        SpinLock pageTableLock = LockOf(page);
        while (true)
        {
            await cpu.Lock(pageTableLock);
            HostPte pte = ReadPte(cpu, page);
            if (pte.IsPresent && (!write || pte.IsWritable))
            {
                Word content = Memory.FrameAt(pte.Pfn).Content;
                if (write)
                {
                    WritePte(cpu, page, pte.MakeYoung().MakeDirty());
                    await cpu.WriteOnce(content, value);
                    cpu.Log($"host writes {value} to hva {page} (pfn {pte.Pfn})");
                    Tracepoints?.PageAccessed(cpu, this, hva, write);
                }
                else
                {
                    WritePte(cpu, page, pte.MakeYoung());
                    value = await cpu.ReadOnce(content);
                    cpu.Log($"host reads {value} from hva {page} (pfn {pte.Pfn})");
                    Tracepoints?.PageAccessed(cpu, this, hva, write);
                }

                await cpu.Unlock(pageTableLock);
                return value;
            }

            await cpu.Unlock(pageTableLock);
            Fault fault = await HandleMmFault(cpu, page, write, takeReference: false);
            if (fault.Result == FaultResult.Failed)
            {
                return null;
            }
        }
    }

    /// <summary>faultin_page and handle_mm_fault: makes the access possible, or comes nearer to it.</summary>
    private async Coroutine<Fault> HandleMmFault(Cpu cpu, ulong page, bool write, bool takeReference)
    {
        await cpu.ReadLock(MmapLock);
        Vma? vma = FindVma(cpu, Hva.OfPage(page));
        VmaFlags flags = vma is null ? VmaFlags.NoAccess : vma.Flags(cpu);
        bool mayWrite = (flags & VmaFlags.Write) != VmaFlags.None;
        if ((flags & VmaFlags.NoAccess) != VmaFlags.None || (write && !mayWrite))
        {
            await cpu.ReadUnlock(MmapLock);
            return default;
        }

        var fault = new Fault(FaultResult.Retry, default);
        SpinLock pageTableLock = LockOf(page);
        await cpu.Lock(pageTableLock);
        HostPte pte = ReadPte(cpu, page);
        if (pte.IsNone)
        {
            fault = await DoAnonymousPage(cpu, page, write, mayWrite, takeReference);
            await cpu.Unlock(pageTableLock);
        }
        else if (pte.IsMigration)
        {
            await MigrationEntryWait(cpu, pageTableLock);
        }
        else if (pte.IsHwPoison)
        {
            fault = default; // VM_FAULT_HWPOISON
            await cpu.Unlock(pageTableLock);
        }
        else if (write && !pte.IsWritable)
        {
            await DoWpPage(cpu, page, pte);
        }
        else
        {
            await cpu.Unlock(pageTableLock);
        }

        await cpu.ReadUnlock(MmapLock);
        return fault;
    }

    /// <summary>do_anonymous_page: maps a page of zeroes where there was nothing.</summary>
    /// <remarks>Locking: the page_table_lock. Differs: the kernel allocates before it takes that lock, and looks again; here allocating is no step.</remarks>
    private async Coroutine<Fault> DoAnonymousPage(Cpu cpu, ulong page, bool write, bool mayWrite, bool takeReference)
    {
        Frame frame = !write && Parameters.ReadFaultMapsZeroPage ? Memory.ZeroPage : Memory.Allocate();
        HostPte pte = HostPte.Of(frame.Pfn, writable: mayWrite && !frame.IsZeroPage);
        WritePte(cpu, page, pte);
        if (takeReference)
        {
            await Memory.Get(cpu, frame);
        }

        return new Fault(FaultResult.Mapped, new UserPage(frame, pte.IsWritable));
    }

    /// <summary>do_wp_page: a write to a page that is mapped read-only takes it over, if nobody shares it, or gets a copy.</summary>
    /// <remarks>
    /// Locking: the page_table_lock is held at the call and not at the return.
    /// Differs: a KSM page with one user left is taken over, the kernel copies it.
    /// </remarks>
    private async Coroutine DoWpPage(Cpu cpu, ulong page, HostPte pte)
    {
        Frame frame = Memory.FrameAt(pte.Pfn);
        if (!frame.IsZeroPage && await cpu.ReadOnce(frame.RefCount) == 1)
        {
            WritePte(cpu, page, pte.MakeWritable());
            await cpu.Unlock(LockOf(page));
            return;
        }

        await Memory.Get(cpu, frame);
        await cpu.Unlock(LockOf(page));
        await WpPageCopy(cpu, page, pte, frame);
    }

    /// <summary>wp_page_copy: breaks copy-on-write.</summary>
    /// <remarks>Locking: holds a reference on <paramref name="old"/>, which it puts.</remarks>
    private async Coroutine WpPageCopy(Cpu cpu, ulong page, HostPte original, Frame old)
    {
        Frame fresh = Memory.Allocate();
        if (!old.IsZeroPage)
        {
            fresh.Content.Initialise(await cpu.ReadOnce(old.Content));
        }

        HvaRange range = PageRange(page);
        await InvalidateRangeStart(cpu, range);
        await cpu.Lock(LockOf(page));
        if (ReadPte(cpu, page) == original)
        {
            WritePte(cpu, page, HostPte.None); // ptep_clear_flush_notify
            cpu.Log($"host breaks COW of hva {page}, pfn {old.Pfn} -> pfn {fresh.Pfn}");
            await SetPteAtNotify(cpu, page, HostPte.Of(fresh.Pfn, writable: true));
            await Memory.Put(cpu, old);
        }
        else
        {
            Memory.Free(cpu, fresh);
        }

        await cpu.Unlock(LockOf(page));
        await InvalidateRangeEnd(cpu, range);
        await Memory.Put(cpu, old);
    }

    private readonly record struct Fault(FaultResult Result, UserPage Page);
}
