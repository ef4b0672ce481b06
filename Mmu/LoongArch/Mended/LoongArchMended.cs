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
/// A notification that may block yields in the middle of unmapping, where <see cref="KvmParameters.FramesUnmappedBetweenYields"/> says so: LoongArch
/// does not, x86 does since April 2021.
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

    /// <inheritdoc/>
    /// <remarks>
    /// Mirrors: kvm_unmap_gfn_range(); what lies between two parts, zap_gfn_range() and tdp_mmu_iter_cond_resched(), arch/x86/kvm/mmu/tdp_mmu.c, as of
    /// "KVM: x86/mmu: Allow yielding during MMU notifier unmap/zap, if possible".
    /// Locking: mmu_lock, which is given back and taken again where the notification may block.
    /// Differs: yields after so many frames, whether or not anybody waits.
    /// </remarks>
    public sealed override async Coroutine<bool> UnmapGfnRange(Cpu cpu, KvmGfnRange range)
    {
        ulong step = (ulong)Kvm.Parameters.FramesUnmappedBetweenYields;
        if (step == 0 || !range.MayBlock || range.Range.Count <= step)
        {
            return await base.UnmapGfnRange(cpu, range);
        }

        bool flush = false;
        for (Gfn start = range.Start; start < range.End; start += step)
        {
            if (start != range.Start)
            {
                flush = await Yield(cpu, flush);
            }

            Gfn end = range.End - start > step ? start + step : range.End;
            flush |= await base.UnmapGfnRange(cpu, range with { Range = new GfnRange(start, end) });
            cpu.Machine.MadeProgress();
        }

        return flush;
    }

    private protected override bool MarksDirtyUnderLock => true;

    // tdp_mmu_iter_cond_resched(): TLBs are flushed first, since others find nothing any more that they would have to flush, and rely on it. Says
    // whether a flush is still due.
    private protected virtual async Coroutine<bool> Yield(Cpu cpu, bool flush)
    {
        if (flush)
        {
            await Kvm.FlushRemoteTlbs(cpu);
        }

        await CondReschedMmuLock(cpu);
        return false;
    }

    // cond_resched_rwlock_write(&kvm->mmu_lock).
    private protected async Coroutine CondReschedMmuLock(Cpu cpu)
    {
        await cpu.Unlock(Kvm.MmuLock);
        cpu.Held.AssertMaySleep("cond_resched");
        await cpu.Lock(Kvm.MmuLock);
    }

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
