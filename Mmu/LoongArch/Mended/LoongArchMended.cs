namespace MmuStress.Mmu;

/// <summary>LoongArch's MMU as merged, with what is wrong in it mended: three mistakes free pages and tables under somebody's feet, one takes memory for MMIO, one delays the dirty log.</summary>
/// <remarks>
/// <para>
/// Mirrors: no kernel. kvm_arch_flush_shadow_all() takes mmu_lock, as posted for LoongArch in May 2026 (LA20-7). TLBs are flushed whenever
/// a table was unlinked, whether an entry was cleared or not, before it is freed (LA-U2). And they are flushed before mmu_lock is
/// dropped (LA-U4): a notification that comes in between finds no entry, flushes nothing, and has the host free pages that a TLB still maps.
/// And a fault at a memslot that is about to move or to be replaced is taken again, as x86 does, instead of ending as MMIO (LA20-18).
/// </para>
/// A page is marked dirty before mmu_lock is given back, as in the v3 posting, so that a harvest holds every write made before it (LA20-13).
/// What is left: retrying holds SRCU (LA20-16).
/// </remarks>
public class LoongArchMended : LoongArchMerged
{
    /// <summary>The MMU of <paramref name="kvm"/>.</summary>
    /// <param name="kvm">The VM.</param>
    public LoongArchMended(Kvm kvm)
        : this(kvm, "loongarch-mended")
    {
    }

    private protected LoongArchMended(Kvm kvm, string name)
        : base(kvm, name)
    {
    }

    /// <inheritdoc/>
    /// <remarks>Locking: takes mmu_lock.</remarks>
    public sealed override Coroutine FlushShadowAll(Cpu cpu) => FlushRange(cpu, default, new Gfn(GpaFrames), takeLock: true);

    private protected override bool MarksDirtyUnderLock => true;

    private protected override async Coroutine<int> AnswerWithoutPage(Cpu cpu, Memslot? memslot, Gfn gfn)
    {
        // The memslot may have become INVALID since it was looked up.
        Memslot? now = await Kvm.GfnToMemslot(cpu, gfn);
        if (!IsInvalid(cpu, memslot) && !IsInvalid(cpu, now))
        {
            return -Errno.EFAULT;
        }

        await cpu.CondResched(); // the guest will fault again, until the update is over
        return 0;
    }

    private static bool IsInvalid(Cpu cpu, Memslot? slot) => slot is not null && (slot.Flags(cpu) & MemslotFlags.Invalid) != MemslotFlags.None;

    private protected override async Coroutine FlushRange(Cpu cpu, Gfn startGfn, Gfn endGfn, bool takeLock)
    {
        Invariant.Holds(takeLock, "here release, too, asks for mmu_lock");
        List<Page> list = new(0);
        await cpu.Lock(Kvm.MmuLock);
        bool ret = await PtwTop(cpu, startGfn, endGfn, new KvmPtwCtx(FlushPte, List: list));

        // A hardware walker may be in an empty table, too.
        if (ret || list.Count != 0)
        {
            await Kvm.FlushRemoteTlbs(cpu);
        }

        await cpu.Unlock(Kvm.MmuLock);
        FreeTables(cpu, list);
    }
}
