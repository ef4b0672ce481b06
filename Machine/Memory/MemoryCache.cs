namespace MmuStress.Machine;

/// <summary>A CPU's own stock of zero-filled pages, so that nothing is allocated under mmu_lock.</summary>
/// <remarks>
/// Mirrors: struct kvm_mmu_memory_cache, kvm_mmu_topup_memory_cache(), kvm_mmu_memory_cache_alloc(), virt/kvm/kvm_main.c (v6.8).
/// Locking: none; only its vCPU uses it. Topping up may sleep.
/// </remarks>
/// <param name="kind">What the pages are used for.</param>
/// <param name="name">What people call such a page.</param>
public sealed class MemoryCache(BlockKind kind, string name)
{
    private readonly Stack<Page> pages = new();

    /// <summary>How many pages are in stock.</summary>
    public int Count => pages.Count;

    /// <summary>Fills the stock up to <paramref name="minimum"/> pages.</summary>
    /// <param name="cpu">Its vCPU's thread, which must be allowed to sleep.</param>
    /// <param name="minimum">How many pages there must be.</param>
    public void TopUp(Cpu cpu, int minimum) => TopUp(cpu, minimum, minimum);

    /// <summary>Fills the stock up to <paramref name="maximum"/> pages where it has fewer than <paramref name="minimum"/>.</summary>
    /// <param name="cpu">Its vCPU's thread, which must be allowed to sleep.</param>
    /// <param name="minimum">How many pages there must be.</param>
    /// <param name="maximum">How many pages there are to be if some are missing.</param>
    public void TopUp(Cpu cpu, int minimum, int maximum)
    {
        cpu.Held.AssertMaySleep("kvm_mmu_topup_memory_cache");
        if (pages.Count >= minimum)
        {
            return;
        }

        while (pages.Count < maximum)
        {
            pages.Push(cpu.Machine.Memory.AllocatePage(name, kind));
        }
    }

    /// <summary>Takes a page out; an empty stock is a violation, after which it is allocated all the same, as the kernel does.</summary>
    /// <param name="cpu">Its vCPU's thread.</param>
    /// <returns>A page with undefined content.</returns>
    public Page Allocate(Cpu cpu)
    {
        if (pages.TryPop(out Page? page))
        {
            return page;
        }

        cpu.Fail(MachineInvariants.CacheUnderrun, $"the memory cache of {cpu.Name} is empty when a {name} is needed under a lock");
        return cpu.Machine.Memory.AllocatePage(name, kind);
    }

    /// <summary>Gives the stock back.</summary>
    /// <param name="cpu">Who frees it.</param>
    public void Free(Cpu cpu)
    {
        while (pages.TryPop(out Page? page))
        {
            cpu.Machine.Memory.FreePage(cpu, page);
        }
    }
}
