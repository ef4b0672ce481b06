namespace MmuStress.Mmu;

/// <content>Pages that the process keeps and may not access: "TDX and guest memory unmapping", April 2021.</content>
public sealed partial class HostMm
{
    /// <summary>Replaces the mapping of a page by a poison entry, which keeps the page: an access gets SIGBUS, get_user_pages() fails.</summary>
    /// <remarks>
    /// Mirrors: TestSetPageHWPoison() and try_to_unmap() in direct_page_fault(), "KVM: unmap guest memory using poisoned pages" (RFC v1 and v2, April
    /// 2021), with the notification of try_to_unmap_one(). Who holds a reference may access the page as long as he likes, so a page on which
    /// anybody else holds one is left as it is: guest_memfd asks the same before a page becomes private.
    /// Locking: takes the page_table_lock, and mmap_lock for read where the page is missing.
    /// Differs: the page_table_lock stands for the page's lock; there is no PG_hwpoison beside the entry.
    /// </remarks>
    /// <param name="cpu">The caller.</param>
    /// <param name="hva">The page's address.</param>
    /// <param name="wanted">The page is left as it is where this is 0, looked at under the page_table_lock; null to poison it in any case.</param>
    /// <param name="allowsPins">Whether a page is poisoned though somebody holds a reference on it.</param>
    /// <returns>0; -EAGAIN where somebody holds a reference; -EFAULT where there is no page and none can be made.</returns>
    public async Coroutine<int> Poison(Cpu cpu, Hva hva, Word? wanted = null, bool allowsPins = false)
    {
        ulong page = hva.Page;
        HvaRange range = PageRange(page);
        CheckRange(range);
        while (true)
        {
            await InvalidateRangeStart(cpu, range);
            await cpu.Lock(LockOf(page));
            HostPte pte = ReadPte(cpu, page);
            bool isExclusive = pte.IsPresent && pte.IsWritable;
            int result = pte.IsHwPoison || (wanted is { } word && await cpu.ReadOnce(word) == 0) ? 0
                : !isExclusive ? -Errno.EFAULT
                : !allowsPins && await cpu.ReadOnce(Memory.FrameAt(pte.Pfn).RefCount) != 1 ? -Errno.EAGAIN
                : 1;
            if (result == 1)
            {
                WritePte(cpu, page, HostPte.HwPoisonOf(pte.Pfn));
                cpu.Log($"host poisons hva {page} (pfn {pte.Pfn})");
                result = 0;
            }

            await cpu.Unlock(LockOf(page));
            await InvalidateRangeEnd(cpu, range);
            if (result != -Errno.EFAULT)
            {
                return result;
            }

            // Missing, or shared with somebody: a page of its own first.
            UserPage own = await GetUserPage(cpu, hva, write: true);
            if (!own.Ok)
            {
                return -Errno.EFAULT;
            }

            await Memory.Put(cpu, own.Frame!);
        }
    }

    /// <summary>Gives the process a poisoned page back.</summary>
    /// <remarks>
    /// Mirrors: ClearPageHWPoison() in kvm_share_memory(), and do_swap_page() of the same patch, which replaces the entry of a page that is not poisoned any more.
    /// Locking: takes the page_table_lock.
    /// Differs: the entry is replaced at once, not at the next access. An entry that maps nothing becomes one that maps a page, so nobody need be told.
    /// </remarks>
    /// <param name="cpu">The caller.</param>
    /// <param name="hva">The page's address.</param>
    /// <returns>When it is accessible; at once where it was not poisoned.</returns>
    public async Coroutine Unpoison(Cpu cpu, Hva hva)
    {
        ulong page = hva.Page;
        await cpu.Lock(LockOf(page));
        HostPte pte = ReadPte(cpu, page);
        if (pte.IsHwPoison)
        {
            WritePte(cpu, page, HostPte.Of(pte.Pfn, writable: true));
            cpu.Log($"host unpoisons hva {page} (pfn {pte.Pfn})");
        }

        await cpu.Unlock(LockOf(page));
    }

    /// <summary>get_user_pages() with FOLL_ALLOW_POISONED: the page that a poison entry keeps, with a reference.</summary>
    /// <remarks>Mirrors: follow_page_pte() of the same patch, for its one legitimate user. Locking: takes the page_table_lock.</remarks>
    /// <param name="cpu">The caller.</param>
    /// <param name="hva">The page's address.</param>
    /// <returns>The page; nothing where the entry is no poison entry.</returns>
    public async Coroutine<UserPage> GetPoisonedPage(Cpu cpu, Hva hva)
    {
        ulong page = hva.Page;
        await cpu.Lock(LockOf(page));
        HostPte pte = ReadPte(cpu, page);
        UserPage found = default;
        if (pte.IsHwPoison)
        {
            found = new UserPage(Memory.FrameAt(pte.Pfn), Writable: true, IsPrivate: true);
            await Memory.Get(cpu, found.Frame!);
        }

        await cpu.Unlock(LockOf(page));
        return found;
    }

    /// <summary>Writes a page through a reference, as the kernel does on behalf of the process, or a device.</summary>
    /// <remarks>
    /// Mirrors: copy_to_guest() of the same patch: get_user_pages_unlocked(FOLL_WRITE), memcpy(), put_page(). The mapping may change between them.
    /// Locking: as <see cref="GetUserPage"/>.
    /// </remarks>
    /// <param name="cpu">The caller.</param>
    /// <param name="hva">The address.</param>
    /// <param name="value">What is written.</param>
    /// <returns>Whether it was done; false for -EFAULT.</returns>
    public async Coroutine<bool> CopyToGuest(Cpu cpu, Hva hva, ulong value)
    {
        UserPage page = await GetUserPage(cpu, hva, write: true);
        if (!page.Ok)
        {
            cpu.Log($"copy_to_guest(hva {hva.Page}) => -EFAULT");
            return false;
        }

        await cpu.WriteOnce(page.Frame!.Content, value);
        cpu.Log($"copy_to_guest(hva {hva.Page}) writes {value} (pfn {page.Pfn})");
        Tracepoints?.PageAccessed(cpu, this, hva, write: true);
        await Memory.Put(cpu, page.Frame);
        return true;
    }
}
