namespace MmuStress.Mmu;

/// <content>Dirty rings: KVM_CAP_DIRTY_LOG_RING.</content>
public sealed partial class Kvm
{
    private DirtyRing[] dirtyRings = [];

    /// <summary>kvm->dirty_ring_size != 0: whether writes are noted in rings, and in no bitmap.</summary>
    public bool UsesDirtyRing => dirtyRings.Length != 0;

    /// <summary>vcpu->dirty_ring of each vCPU, by its number; none where bitmaps are used.</summary>
    public IReadOnlyList<DirtyRing> DirtyRings => dirtyRings;

    /// <summary>KVM_ENABLE_CAP(KVM_CAP_DIRTY_LOG_RING), before any CPU runs and before memslots that track writes.</summary>
    /// <remarks>Differs: after the vCPUs were created, where the kernel wants it before; on every architecture.</remarks>
    /// <param name="create">Makes a vCPU's ring, by its number.</param>
    public void EnableDirtyRing(Func<int, DirtyRing> create)
    {
        dirtyRings = new DirtyRing[vcpus.Length];
        for (int i = 0; i < dirtyRings.Length; i++)
        {
            dirtyRings[i] = create(i);
        }
    }

    /// <summary>KVM_RESET_DIRTY_RINGS: write-protects again what user space has taken out of the rings.</summary>
    /// <remarks>
    /// Mirrors: kvm_vm_ioctl_reset_dirty_pages(), virt/kvm/kvm_main.c.
    /// Locking: takes slots_lock, and under it mmu_lock.
    /// </remarks>
    /// <param name="cpu">The caller.</param>
    /// <returns>How many entries were reset; -EINVAL where there are no rings.</returns>
    public async Coroutine<int> ResetDirtyRings(Cpu cpu)
    {
        if (!UsesDirtyRing)
        {
            return -Errno.EINVAL;
        }

        cpu.Log($"kvm_vm_ioctl_reset_dirty_pages()");
        int cleared = 0;
        await cpu.Lock(SlotsLock);
        foreach (DirtyRing ring in dirtyRings)
        {
            cleared += await ring.Reset(cpu, this);
        }

        await cpu.Unlock(SlotsLock);
        if (cleared != 0)
        {
            await FlushRemoteTlbs(cpu);
        }

        return cleared;
    }

    // id_to_memslot(__kvm_memslots(kvm, as_id), id) for who holds slots_lock.
    internal Memslot? IdToMemslotLocked(Cpu cpu, int id, int addressSpace) => ActiveMemslotsLocked(cpu, addressSpace).IdToMemslot(cpu, id);

    // The part of mark_page_dirty_in_slot() for rings.
    private async Coroutine PushDirtyGfn(Cpu cpu, Memslot slot, ulong offset)
    {
        // kvm_get_running_vcpu()
        Vcpu? vcpu = Array.Find(vcpus, v => ReferenceEquals(v.RunningOn, cpu));
        WarnOn(cpu, vcpu is null, "a page is marked dirty by a thread that runs no vCPU");
        if (vcpu is not null && await dirtyRings[vcpu.Id].Push(cpu, (slot.AddressSpace(cpu) << 16) | slot.Id(cpu), offset))
        {
            await vcpu.MakeRequest(cpu, DirtyRing.SoftFullRequest);
        }
    }
}
