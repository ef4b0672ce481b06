using System.Numerics;

namespace MmuStress.Mmu;

/// <summary>struct kvm_dirty_ring: where a vCPU says which pages it wrote, for user space to take out and to give back.</summary>
/// <remarks>
/// <para>
/// <b>Guarantee.</b> A page that the guest wrote is in an entry that is DIRTY or RESET, or it is write-protected again, or a reset that
/// will protect it has not returned.
/// </para>
/// <para>
/// Mechanism: each entry goes round: free, DIRTY (the vCPU has filled it in), RESET (user space has taken it out), free (the page is about to be
/// write-protected again). One party at a time may touch an entry; its flags say which, stored with release and loaded with acquire.
/// </para>
/// Mirrors: virt/kvm/dirty_ring.c (v6.16), struct kvm_dirty_gfn.
/// Locking: pushing is its vCPU's thread's alone and takes no lock; resetting takes slots_lock. User space can write every entry at any time.
/// Differs: how many entries are kept for what one exit can push is a parameter.
/// </remarks>
public class DirtyRing
{
    /// <summary>KVM_DIRTY_GFN_F_DIRTY: filled in, user space may take it out.</summary>
    public const ulong FlagDirty = 1;

    /// <summary>KVM_DIRTY_GFN_F_RESET: taken out, KVM may protect the page and use the entry again.</summary>
    public const ulong FlagReset = 2;

    /// <summary>KVM_REQ_DIRTY_RING_SOFT_FULL: do not enter the guest until the ring has been reset.</summary>
    public static readonly Request SoftFullRequest = new(3, Waits: false, WakesUp: true);

    private const int WordsPerEntry = 3;
    private const int BitsPerLong = 64;
    private static readonly string[] Fields = ["ring->dirty_index", "ring->reset_index"];

    private readonly Block block;
    private readonly Block dirtyGfns;

    /// <summary>kvm_dirty_ring_alloc(): an empty ring.</summary>
    /// <param name="machine">The machine it is on.</param>
    /// <param name="index">Its vCPU's number.</param>
    /// <param name="size">How many entries, a power of 2.</param>
    /// <param name="reserved">How many of them are left when the vCPU must stop; with only one before that, a write would never be done.</param>
    public DirtyRing(Multiprocessor machine, int index, int size, int reserved)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(BitOperations.IsPow2(size), true, nameof(size));
        ArgumentOutOfRangeException.ThrowIfNegative(reserved);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(reserved, size - 2, nameof(reserved));
        Index = index;
        Size = size;
        SoftLimit = size - reserved;
        block = machine.Memory.Allocate("kvm_dirty_ring", Fields);
        dirtyGfns = machine.Memory.Allocate("dirty_gfns", size * WordsPerEntry, BlockKind.Static, NamesOf(size));
    }

    /// <summary>ring->index: its vCPU's number.</summary>
    public int Index { get; }

    /// <summary>ring->size: how many entries there are.</summary>
    public int Size { get; }

    /// <summary>ring->soft_limit: how many may be in use when the guest is entered.</summary>
    public int SoftLimit { get; }

    /// <summary>ring->dirty_index: how many entries were pushed; its vCPU's thread's.</summary>
    public Word DirtyIndex => block[0];

    /// <summary>ring->reset_index: how many were reset. Written under slots_lock.</summary>
    public Word ResetIndex => block[1];

    /// <summary>dirty_gfns[n].flags.</summary>
    /// <param name="n">Which entry; counted around.</param>
    /// <returns>The word.</returns>
    public Word Flags(ulong n) => dirtyGfns[(int)(n & ((ulong)Size - 1)) * WordsPerEntry];

    /// <summary>dirty_gfns[n].slot: the memslot's number.</summary>
    /// <param name="n">Which entry; counted around.</param>
    /// <returns>The word.</returns>
    public Word Slot(ulong n) => dirtyGfns[((int)(n & ((ulong)Size - 1)) * WordsPerEntry) + 1];

    /// <summary>dirty_gfns[n].offset: the page, counted from the memslot's first.</summary>
    /// <param name="n">Which entry; counted around.</param>
    /// <returns>The word.</returns>
    public Word Offset(ulong n) => dirtyGfns[((int)(n & ((ulong)Size - 1)) * WordsPerEntry) + 2];

    /// <summary>kvm_dirty_ring_soft_full().</summary>
    /// <param name="cpu">The caller.</param>
    /// <returns>Whether the vCPU must not run.</returns>
    public async Coroutine<bool> IsSoftFull(Cpu cpu) => await Used(cpu) >= (ulong)SoftLimit;

    /// <summary>kvm_dirty_ring_push(): notes a page.</summary>
    /// <remarks>Locking: none; its vCPU's thread only.</remarks>
    /// <param name="cpu">The vCPU's thread.</param>
    /// <param name="slot">The memslot's number.</param>
    /// <param name="offset">The page, counted from the memslot's first.</param>
    /// <returns>Whether the ring is soft-full by now, so that the vCPU is to be asked to stop.</returns>
    public async Coroutine<bool> Push(Cpu cpu, int slot, ulong offset)
    {
        // It should never get full.
        Kvm.WarnOn(cpu, await Used(cpu) >= (ulong)Size, "an entry is pushed to a dirty ring that is full");
        ulong n = cpu.Read(DirtyIndex);
        await cpu.WriteOnce(Slot(n), (ulong)slot);
        await cpu.WriteOnce(Offset(n), offset);

        // Make sure the data is filled in before we publish this to the userspace program.
        await cpu.Wmb();
        await cpu.WriteOnce(Flags(n), FlagDirty);
        await cpu.WriteOnce(DirtyIndex, n + 1);
        cpu.Log($"  kvm_dirty_ring_push({Index}, slot {slot}, offset {offset})");
        return await IsSoftFull(cpu);
    }

    /// <summary>kvm_dirty_ring_reset(): protects again the pages that user space has taken out.</summary>
    /// <remarks>
    /// Locking: slots_lock; takes mmu_lock.
    /// Differs: it neither reschedules between two batches nor looks for signals.
    /// </remarks>
    /// <param name="cpu">The caller.</param>
    /// <param name="kvm">The VM.</param>
    /// <returns>How many entries were reset.</returns>
    public async Coroutine<int> Reset(Cpu cpu, Kvm kvm)
    {
        ulong curSlot = 0;
        ulong curOffset = 0;
        ulong mask = 0;
        int count = 0;
        while (true)
        {
            ulong n = cpu.Read(ResetIndex);
            if (!await IsHarvested(cpu, n))
            {
                break;
            }

            ulong nextSlot = await cpu.ReadOnce(Slot(n));
            ulong nextOffset = await cpu.ReadOnce(Offset(n));

            // Update the flags to reflect that this GFN is reset.
            await SetInvalid(cpu, n);
            await cpu.WriteOnce(ResetIndex, n + 1);
            count++;

            // Try to coalesce the reset operations when the guest is scanning pages in the same slot.
            if (mask != 0)
            {
                if (nextSlot == curSlot)
                {
                    long delta = (long)(nextOffset - curOffset);
                    if (delta is >= 0 and < BitsPerLong)
                    {
                        mask |= 1UL << (int)delta;
                        continue;
                    }

                    // Backwards visit, careful about overflows!
                    if (delta is > -BitsPerLong and < 0 && mask << (int)-delta >> (int)-delta == mask)
                    {
                        curOffset = nextOffset;
                        mask = (mask << (int)-delta) | 1;
                        continue;
                    }
                }

                await ResetDirtyGfn(cpu, kvm, curSlot, curOffset, mask);
            }

            curSlot = nextSlot;
            curOffset = nextOffset;
            mask = 1;
        }

        if (mask != 0)
        {
            await ResetDirtyGfn(cpu, kvm, curSlot, curOffset, mask);
        }

        return count;
    }

    /// <summary>kvm_dirty_gfn_harvested(): whether user space has taken the entry out.</summary>
    /// <remarks>The acquire keeps the reads of slot and offset behind it.</remarks>
    private protected virtual async Coroutine<bool> IsHarvested(Cpu cpu, ulong n) => (await cpu.LoadAcquire(Flags(n)) & FlagReset) != 0;

    /// <summary>kvm_dirty_gfn_set_invalid(): the entry is free.</summary>
    private protected virtual Step SetInvalid(Cpu cpu, ulong n) => cpu.StoreRelease(Flags(n), 0);

    /// <summary>The part of kvm_reset_dirty_gfn() that looks whether all the pages are the memslot's: user space may have written anything.</summary>
    private protected virtual bool AreInSlot(ulong npages, ulong offset, ulong mask) => offset < npages && offset + ulong.Log2(mask) < npages;

    // kvm_reset_dirty_gfn().
    private async Coroutine ResetDirtyGfn(Cpu cpu, Kvm kvm, ulong slot, ulong offset, ulong mask)
    {
        int asId = (int)((slot >> 16) & 0xffff);
        if (asId >= kvm.Parameters.AddressSpaces || kvm.IdToMemslotLocked(cpu, (int)(slot & 0xffff), asId) is not { } memslot ||
            !AreInSlot(memslot.Npages(cpu), offset, mask))
        {
            return;
        }

        await cpu.Lock(kvm.MmuLock);
        cpu.Log($"  kvm_reset_dirty_gfn(slot {slot}, offset {offset}, mask {mask:x})");
        kvm.Tracepoints?.DirtyRingReset(cpu, kvm, memslot, offset, mask);
        await kvm.Arch.EnableLogDirtyPtMasked(cpu, memslot, offset, mask);
        await cpu.Unlock(kvm.MmuLock);
    }

    // kvm_dirty_ring_used().
    private async Coroutine<ulong> Used(Cpu cpu)
    {
        ulong dirty = await cpu.ReadOnce(DirtyIndex);
        return dirty - await cpu.ReadOnce(ResetIndex);
    }

    private static string[] NamesOf(int size)
    {
        string[] names = new string[size * WordsPerEntry];
        for (int i = 0; i < size; i++)
        {
            names[i * WordsPerEntry] = $"dirty_gfns[{i}].flags";
            names[(i * WordsPerEntry) + 1] = $"dirty_gfns[{i}].slot";
            names[(i * WordsPerEntry) + 2] = $"dirty_gfns[{i}].offset";
        }

        return names;
    }
}
