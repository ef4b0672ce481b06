namespace MmuStress.Mmu;

/// <summary>Which frames of a guest are private, and converting them.</summary>
/// <remarks>
/// <para>
/// <b>Guarantee.</b> While a frame is private, the host cannot access its page; while no invalidation of it is in progress, a present stage-2 entry
/// is a private one exactly where the frame is private.
/// </para>
/// <para>
/// The mechanism: a conversion is an invalidation. Between its begin, which also zaps and flushes, and its end no fault installs anything, and a fault
/// that looked the attribute up before the end does not afterwards. In between, a frame that becomes private is taken from the host before the attribute
/// says so, and one that becomes shared is given back after.
/// </para>
/// Mirrors: kvm->mem_attr_array, kvm_vm_set_mem_attributes(), kvm_handle_gfn_range(), virt/kvm/kvm_main.c (v6.8); the poisoning of "TDX and guest
/// memory unmapping" (RFC, April 2021), where today's private memory is in a guest_memfd of its own, which user space cannot map.
/// Locking: written under slots_lock; read under none (RCU).
/// Differs: an array of words instead of an xarray, with an entry for as many frames as the host process has pages; a frame beyond is shared.
/// </remarks>
public class MemoryAttributes
{
    /// <summary>KVM_MEMORY_ATTRIBUTE_PRIVATE.</summary>
    public const ulong Private = 1UL << 3;

    private static readonly LockClass XaLockClass = new("xa_lock", maySleep: false);

    private readonly Kvm kvm;
    private readonly Block memAttrArray;
    private readonly SpinLock xaLock;

    /// <summary>The attributes of <paramref name="kvm"/>'s frames, all of which are shared.</summary>
    /// <param name="kvm">The VM.</param>
    public MemoryAttributes(Kvm kvm)
    {
        this.kvm = kvm;
        xaLock = new SpinLock(kvm.Machine, XaLockClass);
        memAttrArray = kvm.Machine.Memory.Allocate("mem_attr", kvm.Mm.Pages, BlockKind.Static);
    }

    /// <summary>kvm_mem_is_private(): whether a frame is private.</summary>
    /// <remarks>Mirrors: kvm_get_memory_attributes(), xa_load(). Locking: none.</remarks>
    /// <param name="cpu">The caller.</param>
    /// <param name="gfn">The frame.</param>
    /// <returns>Whether it is.</returns>
    public async Coroutine<bool> MemIsPrivate(Cpu cpu, Gfn gfn) =>
        gfn.Value < (ulong)memAttrArray.Length && await cpu.ReadOnce(At(gfn)) == Private;

    /// <summary>Whether a frame is private, read by nobody.</summary>
    /// <param name="gfn">The frame.</param>
    /// <returns>Whether it is.</returns>
    public bool PeekIsPrivate(Gfn gfn) => gfn.Value < (ulong)memAttrArray.Length && At(gfn).Peek == Private;

    /// <summary>Takes a private frame's page from the host where it is still, or again, the host's: a fault found it so.</summary>
    /// <remarks>
    /// Mirrors: direct_page_fault() of the RFC, which looks at gfn_is_shared() again under the page's lock: a conversion may have come in between, and has then
    /// looked for a poisoned page before this makes one.
    /// </remarks>
    /// <param name="cpu">The vCPU's thread.</param>
    /// <param name="gfn">The frame.</param>
    /// <param name="hva">Where the host has it.</param>
    /// <returns>0 or a negative error number.</returns>
    public virtual Coroutine<int> PoisonAgain(Cpu cpu, Gfn gfn, Hva hva) => kvm.Mm.Poison(cpu, hva, wanted: At(gfn));

    /// <summary>KVM_SET_MEMORY_ATTRIBUTES: makes frames private or shared.</summary>
    /// <remarks>
    /// Mirrors: kvm_vm_ioctl_set_mem_attributes(), kvm_vm_set_mem_attributes().
    /// Locking: takes slots_lock, and mmu_lock twice.
    /// </remarks>
    /// <param name="cpu">The caller.</param>
    /// <param name="gfns">The frames; each has a memslot.</param>
    /// <param name="attributes"><see cref="Private"/> or 0.</param>
    /// <returns>0; -EINVAL for what no attribute can be set of; -EAGAIN where somebody holds a page that is to become private; -EFAULT where there is none.</returns>
    public async Coroutine<int> SetMemAttributes(Cpu cpu, GfnRange gfns, ulong attributes)
    {
        if (gfns.End <= gfns.Start || gfns.End.Value > (ulong)memAttrArray.Length || (attributes & ~Private) != 0)
        {
            return -Errno.EINVAL;
        }

        cpu.Log($"kvm_vm_set_mem_attributes(gfn {gfns}, {(attributes == Private ? "private" : "shared")})");
        await cpu.Lock(kvm.SlotsLock);
        int result = await RangeHasMemoryAttributes(cpu, gfns, attributes) ? 0 : await Convert(cpu, gfns, attributes);
        await cpu.Unlock(kvm.SlotsLock);
        return result;
    }

    /// <summary>The conversion proper.</summary>
    /// <remarks>Locking: slots_lock.</remarks>
    /// <param name="cpu">The caller.</param>
    /// <param name="gfns">The frames.</param>
    /// <param name="attributes">What they become.</param>
    /// <returns>0 or a negative error number.</returns>
    protected virtual async Coroutine<int> Convert(Cpu cpu, GfnRange gfns, ulong attributes)
    {
        await PreSetMemoryAttributes(cpu, gfns);
        int result = attributes == Private ? await TakeFromHost(cpu, gfns) : 0;
        if (result == 0)
        {
            await Store(cpu, gfns, attributes);
            if (attributes != Private)
            {
                await GiveToHost(cpu, gfns);
            }
        }

        await PostSetMemoryAttributes(cpu, gfns);
        return result;
    }

    /// <summary>kvm_handle_gfn_range() with kvm_mmu_invalidate_begin() and kvm_pre_set_memory_attributes(): from now on faults retry, and nothing is mapped.</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="gfns">The frames.</param>
    /// <returns>When no TLB has them.</returns>
    protected async Coroutine PreSetMemoryAttributes(Cpu cpu, GfnRange gfns)
    {
        MemslotSet slots = await kvm.Memslots(cpu);
        if (Hits(cpu, slots, gfns))
        {
            await cpu.Lock(kvm.MmuLock);
            await kvm.MmuInvalidateBegin(cpu);
            await Zap(cpu, slots, gfns);
            await cpu.Unlock(kvm.MmuLock);
        }
    }

    /// <summary>kvm_pre_set_memory_attributes() for the part of each memslot, and the flush.</summary>
    /// <remarks>Locking: mmu_lock.</remarks>
    /// <param name="cpu">The caller.</param>
    /// <param name="slots">The memslots.</param>
    /// <param name="gfns">The frames.</param>
    /// <param name="isInvalidation">Whether the range is added to an invalidation in progress.</param>
    /// <returns>When no TLB has them.</returns>
    protected async Coroutine Zap(Cpu cpu, MemslotSet slots, GfnRange gfns, bool isInvalidation = true)
    {
        bool flush = false;
        int count = slots.Count(cpu);
        for (int i = 0; i < count; i++)
        {
            Memslot slot = slots.At(cpu, i);
            GfnRange part = Intersect(slot.Gfns(cpu), gfns);
            if (part.Start < part.End)
            {
                if (isInvalidation)
                {
                    kvm.MmuInvalidateRangeAdd(cpu, part);
                }

                flush |= await kvm.Arch.UnmapGfnRange(cpu, new KvmGfnRange(slot, part, MayBlock: true));
            }
        }

        if (flush)
        {
            await kvm.FlushRemoteTlbs(cpu);
        }
    }

    /// <summary>kvm_handle_gfn_range() with kvm_mmu_invalidate_end(): what was looked up before is void.</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="gfns">The frames.</param>
    /// <returns>When it is done.</returns>
    protected async Coroutine PostSetMemoryAttributes(Cpu cpu, GfnRange gfns)
    {
        if (Hits(cpu, await kvm.Memslots(cpu), gfns))
        {
            await cpu.Lock(kvm.MmuLock);
            await kvm.MmuInvalidateEnd(cpu);
            await cpu.Unlock(kvm.MmuLock);
        }
    }

    /// <summary>xa_store() for each frame.</summary>
    /// <remarks>
    /// Locking: xa_lock. Giving it back before mmu_lock is taken is also what orders the attribute before mmu_invalidate_seq for a fault, which holds neither.
    /// </remarks>
    /// <param name="cpu">The caller.</param>
    /// <param name="gfns">The frames.</param>
    /// <param name="attributes">What they become.</param>
    /// <returns>When it is done.</returns>
    protected async Coroutine Store(Cpu cpu, GfnRange gfns, ulong attributes)
    {
        for (Gfn gfn = gfns.Start; gfn < gfns.End; gfn = gfn.Next)
        {
            await cpu.Lock(xaLock);
            await cpu.WriteOnce(At(gfn), attributes);
            await cpu.Unlock(xaLock);
            cpu.Log($"  mem_attr[gfn {gfn}] => {(attributes == Private ? "private" : "shared")}");
        }
    }

    /// <summary>Poisons the host's entries of frames that become private.</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="gfns">The frames.</param>
    /// <returns>0 or a negative error number; then none is poisoned.</returns>
    protected async Coroutine<int> TakeFromHost(Cpu cpu, GfnRange gfns)
    {
        for (Gfn gfn = gfns.Start; gfn < gfns.End; gfn = gfn.Next)
        {
            Memslot? slot = await kvm.GfnToMemslot(cpu, gfn);
            int result = Kvm.TryGfnToHvaMemslotProt(cpu, slot, gfn, out Hva hva, out _) ? await Poison(cpu, hva) : -Errno.EFAULT;
            if (result != 0)
            {
                await GiveToHost(cpu, new GfnRange(gfns.Start, gfn));
                return result;
            }
        }

        return 0;
    }

    /// <summary>Gives the host the pages of frames that became shared.</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="gfns">The frames.</param>
    /// <returns>When it is done.</returns>
    protected async Coroutine GiveToHost(Cpu cpu, GfnRange gfns)
    {
        for (Gfn gfn = gfns.Start; gfn < gfns.End; gfn = gfn.Next)
        {
            Memslot? slot = await kvm.GfnToMemslot(cpu, gfn);
            if (Kvm.TryGfnToHvaMemslotProt(cpu, slot, gfn, out Hva hva, out _))
            {
                await kvm.Mm.Unpoison(cpu, hva);
            }
        }
    }

    /// <summary>Poisons one page.</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="hva">Where the host has it.</param>
    /// <returns>0 or a negative error number.</returns>
    protected virtual Coroutine<int> Poison(Cpu cpu, Hva hva) => kvm.Mm.Poison(cpu, hva);

    // Whether there is a memslot, so that mmu_lock is taken at all. slots_lock keeps the answer.
    private static bool Hits(Cpu cpu, MemslotSet slots, GfnRange gfns)
    {
        int count = slots.Count(cpu);
        for (int i = 0; i < count; i++)
        {
            GfnRange part = Intersect(slots.At(cpu, i).Gfns(cpu), gfns);
            if (part.Start < part.End)
            {
                return true;
            }
        }

        return false;
    }

    private static GfnRange Intersect(GfnRange one, GfnRange other) =>
        new(one.Start > other.Start ? one.Start : other.Start, one.End < other.End ? one.End : other.End);

    // kvm_range_has_memory_attributes().
    private async Coroutine<bool> RangeHasMemoryAttributes(Cpu cpu, GfnRange gfns, ulong attributes)
    {
        for (Gfn gfn = gfns.Start; gfn < gfns.End; gfn = gfn.Next)
        {
            if (await cpu.ReadOnce(At(gfn)) != attributes)
            {
                return false;
            }
        }

        return true;
    }

    private Word At(Gfn gfn) => memAttrArray[(int)gfn.Value];
}
