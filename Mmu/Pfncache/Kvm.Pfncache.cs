namespace MmuStress.Mmu;

/// <content>The list of gfn_to_pfn_caches, and what a notification does to them: virt/kvm/pfncache.c at 0318f207d1c2.</content>
public sealed partial class Kvm
{
    private static readonly LockClass GpcLockClass = new("gpc_lock", maySleep: false);
    private static readonly string[] GpcFields = ["gpc_list"];

    private SpinLock? gpcLock; // null while there is no cache, and so nothing to look at

    // Guarded by gpc_lock; what the word stands for, as a word holds no reference.
    private readonly List<GfnToPfnCache> gpcList = new(0);
    private Word gpcListWord;

    /// <summary>gfn_to_pfn_cache_invalidate_start(): makes invalid what lies in <paramref name="range"/>, and waits for who uses it.</summary>
    /// <remarks>
    /// Locking: takes gpc_lock, and each gpc->lock. Comes before mmu_lock and before mmu_invalidate_in_progress is raised, so that it is
    /// done whether a memslot is hit or not.
    /// Differs: nothing is taken where no cache was ever made.
    /// </remarks>
    /// <param name="cpu">The notifier's caller.</param>
    /// <param name="range">What the host is going to change.</param>
    /// <returns>When nobody uses a page in it.</returns>
    public Coroutine GfnToPfnCacheInvalidateStart(Cpu cpu, HvaRange range) => gpcLock is null ? Coroutine.Completed : GpcInvalidate(cpu, gpcLock, range);

    // Before any CPU runs.
    internal void GpcListInit()
    {
        if (gpcLock is null)
        {
            gpcLock = new SpinLock(Machine, GpcLockClass);
            gpcListWord = Machine.Memory.Allocate("kvm->gpc_list", GpcFields)[0];
        }
    }

    // list_add(&gpc->list, &kvm->gpc_list).
    internal async Coroutine GpcListAdd(Cpu cpu, GfnToPfnCache gpc)
    {
        await cpu.Lock(gpcLock!);
        gpcList.Add(gpc);
        cpu.Write(gpcListWord, (ulong)gpcList.Count);
        await cpu.Unlock(gpcLock!);
    }

    // list_del(&gpc->list).
    internal async Coroutine GpcListDel(Cpu cpu, GfnToPfnCache gpc)
    {
        await cpu.Lock(gpcLock!);
        gpcList.Remove(gpc);
        cpu.Write(gpcListWord, (ulong)gpcList.Count);
        await cpu.Unlock(gpcLock!);
    }

    private async Coroutine GpcInvalidate(Cpu cpu, SpinLock @lock, HvaRange range)
    {
        await cpu.Lock(@lock);
        int count = (int)cpu.Read(gpcListWord);
        for (int i = 0; i < count; i++)
        {
            await gpcList[i].InvalidateStart(cpu, range);
        }

        await cpu.Unlock(@lock);
    }
}
