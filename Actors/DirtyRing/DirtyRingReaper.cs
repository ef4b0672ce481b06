using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Actors;

/// <summary>User space as the reader of the dirty rings: takes entries out of every ring, then has KVM reset them.</summary>
/// <remarks>
/// Mirrors: kvm_dirty_ring_reap() and kvm_dirty_ring_reap_one(), accel/kvm/kvm-all.c of QEMU: a thread of its own reaps, and a vCPU's thread does
/// when its ring is full.
/// Locking: one at a time, as under QEMU's kvm_slots_lock.
/// </remarks>
public class DirtyRingReaper
{
    private static readonly LockClass ReapLockClass = new("kvm_slots_lock of user space", maySleep: true);

    private readonly Mutex reapLock;
    private readonly ulong[] fetchIndex; // guarded by reapLock, or by there being one thread that collects

    /// <summary>The reader of the rings of <paramref name="kvm"/>.</summary>
    /// <param name="kvm">The VM.</param>
    public DirtyRingReaper(Kvm kvm)
    {
        Kvm = kvm;
        reapLock = new Mutex(kvm.Machine, ReapLockClass);
        fetchIndex = new ulong[kvm.DirtyRings.Count];
    }

    /// <summary>The VM.</summary>
    protected Kvm Kvm { get; }

    /// <summary>Takes out what is there and has it reset.</summary>
    /// <param name="cpu">The caller.</param>
    /// <returns>When a write to a page that was taken out is noted again.</returns>
    public async Coroutine Reap(Cpu cpu)
    {
        await cpu.Lock(reapLock);
        await Collect(cpu);
        await Reset(cpu);
        await cpu.Unlock(reapLock);
    }

    /// <summary>Takes out what is there: dirty_gfn_is_dirtied(), dirty_gfn_set_collected().</summary>
    /// <remarks>Locking: one thread at a time.</remarks>
    /// <param name="cpu">The caller.</param>
    /// <returns>When nothing is left.</returns>
    public async Coroutine Collect(Cpu cpu)
    {
        for (int i = 0; i < fetchIndex.Length; i++)
        {
            DirtyRing ring = Kvm.DirtyRings[i];
            while (await cpu.LoadAcquire(ring.Flags(fetchIndex[i])) == DirtyRing.FlagDirty)
            {
                ulong n = fetchIndex[i]++;
                int slot = (int)await cpu.ReadOnce(ring.Slot(n));
                ulong offset = await cpu.ReadOnce(ring.Offset(n));
                cpu.Log($"takes slot {slot}, offset {offset} out of ring {i}");
                Taken(ring, n, slot, offset);
                await BeforeGivingBack(cpu, ring, n);
                await cpu.StoreRelease(ring.Flags(n), DirtyRing.FlagReset);
            }
        }
    }

    /// <summary>Waits until there is something in the first ring.</summary>
    /// <param name="cpu">The caller.</param>
    /// <returns>When there is.</returns>
    public async Coroutine WaitForEntry(Cpu cpu) => await cpu.WaitUntilNotEqual(Kvm.DirtyRings[0].Flags(fetchIndex[0]), 0);

    /// <summary>Has KVM reset what was taken out. Any thread may, at any time.</summary>
    /// <param name="cpu">The caller.</param>
    /// <returns>When that has returned.</returns>
    public async Coroutine Reset(Cpu cpu)
    {
        if (await Kvm.ResetDirtyRings(cpu) > 0)
        {
            HasReset(cpu);
        }
    }

    /// <summary>A page was taken out.</summary>
    /// <param name="ring">Of which ring.</param>
    /// <param name="n">Which entry.</param>
    /// <param name="slot">The memslot's number.</param>
    /// <param name="offset">The page, counted from the memslot's first.</param>
    protected virtual void Taken(DirtyRing ring, ulong n, int slot, ulong offset)
    {
    }

    /// <summary>An entry is about to be given back; it is user space's.</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="ring">The ring.</param>
    /// <param name="n">Which entry.</param>
    /// <returns>When it may be.</returns>
    protected virtual Coroutine BeforeGivingBack(Cpu cpu, DirtyRing ring, ulong n) => default;

    /// <summary>KVM has reset something that was taken out: from now on those pages can be copied.</summary>
    /// <param name="cpu">The caller.</param>
    protected virtual void HasReset(Cpu cpu)
    {
    }
}
