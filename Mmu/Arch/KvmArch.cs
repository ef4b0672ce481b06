namespace MmuStress.Mmu;

/// <summary>The part of KVM's MMU that each architecture, and each posting of it, writes in its own way.</summary>
/// <remarks>Mirrors: the kvm_arch_*() and kvm_*_gfn() functions that virt/kvm/kvm_main.c calls (v6.8).</remarks>
public abstract class KvmArch : IPageTableFormat
{
    /// <summary>What a page-table page is: freeing it is no error, using it afterwards is, and so is leaving it behind.</summary>
    public static readonly BlockKind TablePage = new("page-table page", MmuInvariants.NoTableUseAfterFree, MmuInvariants.NoTableLeak);

    /// <summary>The MMU of <paramref name="kvm"/>, with tables of the shape that its parameters say.</summary>
    /// <param name="kvm">The VM.</param>
    /// <param name="name">What users call this MMU: "loongarch-v20".</param>
    protected KvmArch(Kvm kvm, string name)
        : this(kvm, name, new PageTableGeometry(kvm.Parameters.Levels, kvm.Parameters.EntriesPerTable))
    {
    }

    /// <summary>The MMU of <paramref name="kvm"/>.</summary>
    /// <param name="kvm">The VM.</param>
    /// <param name="name">What users call this MMU: "arm64-2014".</param>
    /// <param name="geometry">The shape of its tables.</param>
    protected KvmArch(Kvm kvm, string name, PageTableGeometry geometry)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(geometry.EntriesPerTable, kvm.Machine.Memory.WordsPerPage, nameof(geometry));
        Kvm = kvm;
        Name = name;
        Geometry = geometry;
    }

    /// <summary>The VM.</summary>
    public Kvm Kvm { get; }

    /// <summary>What users call this MMU.</summary>
    public string Name { get; }

    /// <inheritdoc/>
    public PageTableGeometry Geometry { get; }

    /// <summary>The top-level tables; none before the first is allocated and after the last is freed.</summary>
    public abstract IReadOnlyList<Page> Roots { get; }

    /// <summary>How many page-table pages are neither linked nor in a vCPU's cache, but wait to be freed.</summary>
    public virtual int TablesAwaitingFree => 0;

    /// <summary>kvm->arch.gpa_size, in guest frames.</summary>
    public virtual ulong GpaFrames => Geometry.Frames;

    /// <summary>kvm_arch_vcpu_create(): what the architecture does for a new vCPU, before any CPU runs.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <returns>0 or a negative error number, with which there is no vCPU.</returns>
    public virtual int VcpuCreate(Vcpu vcpu) => 0;

    /// <summary>Whether vcpu->cpu is written where a vCPU's thread is put on a CPU, before the vCPU says that it is in the guest; else afterwards.</summary>
    public virtual bool WritesCpuAtLoad => false;

    /// <summary>Whether hardware drops a translation that denied an access, as EPT violations do; else KVM has to.</summary>
    public virtual bool DropsFaultingTranslation => false;

    /// <summary>kvm_handle_mm_fault(): resolves a fault that the guest took.</summary>
    /// <param name="cpu">The vCPU's thread; holds nothing.</param>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="gpa">Where it faulted.</param>
    /// <param name="write">Whether it wrote.</param>
    /// <returns>0 to enter the guest again, -EFAULT where no memslot answers: usually MMIO.</returns>
    public abstract Coroutine<int> HandleMmFault(Cpu cpu, Vcpu vcpu, Gpa gpa, bool write);

    /// <summary>kvm_unmap_gfn_range(): zaps.</summary>
    /// <param name="cpu">The caller; holds mmu_lock.</param>
    /// <param name="range">What to zap.</param>
    /// <returns>Whether TLBs must be flushed.</returns>
    public abstract Coroutine<bool> UnmapGfnRange(Cpu cpu, KvmGfnRange range);

    /// <summary>kvm_set_spte_gfn(): follows a host entry that changed in place.</summary>
    /// <param name="cpu">The caller; holds mmu_lock.</param>
    /// <param name="range">One frame, and the new host entry.</param>
    /// <returns>Whether TLBs must be flushed.</returns>
    public abstract Coroutine<bool> SetSpteGfn(Cpu cpu, KvmGfnRange range);

    /// <summary>kvm_age_gfn(): makes entries old.</summary>
    /// <param name="cpu">The caller; holds mmu_lock.</param>
    /// <param name="range">Which.</param>
    /// <returns>Whether one was young.</returns>
    public abstract Coroutine<bool> AgeGfn(Cpu cpu, KvmGfnRange range);

    /// <summary>kvm_test_age_gfn(): looks whether the entry is young.</summary>
    /// <param name="cpu">The caller; holds mmu_lock.</param>
    /// <param name="range">One frame.</param>
    /// <returns>Whether it is young.</returns>
    public abstract bool TestAgeGfn(Cpu cpu, KvmGfnRange range);

    /// <summary>kvm_arch_flush_shadow_all(): zaps everything, when the address space goes away.</summary>
    /// <param name="cpu">The caller; holds only SRCU.</param>
    /// <returns>When it is done.</returns>
    public abstract Coroutine FlushShadowAll(Cpu cpu);

    /// <summary>kvm_arch_flush_shadow_memslot(): zaps a memslot that is about to go or to move.</summary>
    /// <param name="cpu">The caller; holds slots_lock.</param>
    /// <param name="slot">The memslot as it was.</param>
    /// <returns>When it is done.</returns>
    public abstract Coroutine FlushShadowMemslot(Cpu cpu, Memslot slot);

    /// <summary>kvm_arch_prepare_memory_region(): may refuse a new memslot.</summary>
    /// <param name="cpu">The caller; holds slots_lock and slots_arch_lock.</param>
    /// <param name="old">The memslot as it is; null for a new one.</param>
    /// <param name="new">The memslot as it is to be; null for one that goes.</param>
    /// <param name="change">What changes.</param>
    /// <returns>0 or a negative error number.</returns>
    public virtual int PrepareMemoryRegion(Cpu cpu, Memslot? old, Memslot? @new, MemslotChange change) => 0;

    /// <summary>kvm_arch_commit_memory_region(): follows a change that every vCPU can see by now.</summary>
    /// <param name="cpu">The caller; holds slots_lock.</param>
    /// <param name="old">The memslot as it was.</param>
    /// <param name="new">The memslot as it is.</param>
    /// <param name="change">What changed.</param>
    /// <returns>When it is done.</returns>
    public abstract Coroutine CommitMemoryRegion(Cpu cpu, Memslot? old, Memslot? @new, MemslotChange change);

    /// <summary>kvm_arch_mmu_enable_log_dirty_pt_masked(): write-protects pages so that the next write is noticed.</summary>
    /// <param name="cpu">The caller; holds mmu_lock.</param>
    /// <param name="slot">The memslot.</param>
    /// <param name="gfnOffset">The frame that bit 0 stands for, counted from the memslot's first.</param>
    /// <param name="mask">Which pages; not 0.</param>
    /// <returns>When it is done.</returns>
    public abstract Coroutine EnableLogDirtyPtMasked(Cpu cpu, Memslot slot, ulong gfnOffset, ulong mask);

    /// <summary>kvm_arch_flush_remote_tlbs_memslot(): makes every vCPU see what was just write-protected.</summary>
    /// <param name="cpu">The caller; holds slots_lock.</param>
    /// <param name="slot">The memslot.</param>
    /// <returns>When no TLB holds an older entry.</returns>
    public abstract Coroutine FlushRemoteTlbsMemslot(Cpu cpu, Memslot slot);

    /// <summary>_kvm_destroy_mm(): gives the page table back, with the VM.</summary>
    /// <param name="cpu">The last user of the VM.</param>
    /// <returns>When it is done.</returns>
    public abstract Coroutine DestroyMm(Cpu cpu);

    /// <summary>Enters the guest: when it returns, interrupts are off, <see cref="HostCpu.GuestTag"/> is the guest's, and what the vCPU was asked before is done.</summary>
    /// <remarks>The default is that of architectures whose remote flush is a request to each vCPU.</remarks>
    /// <param name="cpu">The vCPU's thread; holds nothing.</param>
    /// <param name="vcpu">The vCPU.</param>
    /// <returns>When it is in the guest.</returns>
    public virtual Coroutine EnterGuest(Cpu cpu, Vcpu vcpu) => vcpu.EnterGuestAfterRequests(cpu);

    /// <summary>Does what the vCPU was asked that only this architecture knows; with interrupts on, before the guest is entered.</summary>
    /// <param name="cpu">The vCPU's thread; holds nothing.</param>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="requests">The bits of vcpu->requests that were set, and are cleared by now.</param>
    /// <returns>When it is done.</returns>
    public virtual Coroutine ServeRequests(Cpu cpu, Vcpu vcpu, ulong requests) => Coroutine.Completed;

    /// <summary>Leaves the guest: interrupts that wait are taken now.</summary>
    /// <param name="cpu">The vCPU's thread; in the guest.</param>
    /// <param name="vcpu">The vCPU.</param>
    /// <returns>When it is outside.</returns>
    public virtual Coroutine LeaveGuest(Cpu cpu, Vcpu vcpu) => vcpu.LeaveGuestMode(cpu);

    /// <summary>kvm_arch_flush_remote_tlbs(): flushes in the architecture's own way.</summary>
    /// <param name="cpu">The caller.</param>
    /// <returns>0 if that is done, anything else to make a request to every vCPU.</returns>
    public virtual Coroutine<int> FlushRemoteTlbs(Cpu cpu) => new(-Errno.EOPNOTSUPP);

    /// <summary>Walks the page table for the guest.</summary>
    /// <param name="cpu">The vCPU's thread; in the guest.</param>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="gfn">The guest frame.</param>
    /// <returns>What the walk found; nothing where it ended early.</returns>
    public virtual Coroutine<LeafEntry> Walk(Cpu cpu, Vcpu vcpu, Gfn gfn) =>
        PageTableWalker.Walk(cpu, this, gfn);

    /// <inheritdoc/>
    public abstract Page RootFor(Gfn gfn);

    /// <inheritdoc/>
    public abstract bool TryDecodeTable(ulong entry, int level, out ulong frameNumber);

    /// <inheritdoc/>
    public abstract LeafEntry DecodeLeaf(ulong entry, int level, Gfn gfn);

    /// <summary>Called right after an entry of the last level was written: tells checkers, and notes that one which takes something away is work that is done.</summary>
    /// <param name="cpu">Who wrote it.</param>
    /// <param name="gfn">The frame it is for.</param>
    /// <param name="old">What it said.</param>
    /// <param name="now">What it says.</param>
    private protected void LeafWritten(Cpu cpu, Gfn gfn, LeafEntry old, LeafEntry now)
    {
        if ((old.Present && !now.Present) || (old.AllowsRead && !now.AllowsRead) || (old.AllowsWrite && !now.AllowsWrite))
        {
            cpu.Machine.MadeProgress();
        }

        Kvm.Tracepoints?.SetPte(cpu, Kvm, gfn, old, now);
    }
}
