using static MmuStress.Mmu.ArmPteBits;

namespace MmuStress.Mmu;

/// <summary>What every posting of ARM's stage 2 does alike: the entries' format, VMIDs in the TLB, and invalidation by broadcast.</summary>
/// <remarks>
/// A TLBI is broadcast to all physical CPUs and completes when none of them uses an old translation any more. Each CPU is sent an interrupt that
/// says which VMID is meant, and takes it before or after the guest's access, with which it is out of the guest: what DVM messages and DSB do.
/// Mirrors: arch/arm/kvm/mmu.c, arch/arm/kvm/arm.c; arch/arm64/kvm/hyp.S (__kvm_tlb_flush_vmid_ipa).
/// Differs: a TLBI by address drops all entries of the VMID, and of others whose last three bits are the same, as hardware may.
/// vcpu->mode is not written, as these architectures make no requests of their vCPUs.
/// </remarks>
public abstract class ArmMmu : KvmArch
{
    private const byte AllVmids = 0xff;

    /// <summary>The MMU of <paramref name="kvm"/>.</summary>
    /// <param name="kvm">The VM.</param>
    /// <param name="name">What users call it.</param>
    /// <param name="geometry">The shape of the tables that the hardware walks.</param>
    private protected ArmMmu(Kvm kvm, string name, PageTableGeometry geometry)
        : base(kvm, name, geometry)
    {
        Memory = kvm.Machine.Memory;
        Tables = new TablePages(Memory);
    }

    /// <summary>The struct pages of its tables.</summary>
    public TablePages Tables { get; }

    private protected PhysicalMemory Memory { get; }

    /// <summary>__kvm_tlb_flush_vmid() as it should be, TLBIALLIS and DSB: when it returns, no CPU uses an old translation of the VMID.</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="host">Whose CPUs.</param>
    /// <param name="vmid">The VMID.</param>
    /// <returns>When it is done.</returns>
    internal static Coroutine BroadcastTlbi(Cpu cpu, Host host, ulong vmid) => Broadcast(cpu, host, (byte)(1 << (int)(vmid & 7)));

    /// <summary>__kvm_flush_vm_context(), TLBIALLNSNHIS and DSB: the same for every VMID.</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="host">Whose CPUs.</param>
    /// <returns>When it is done.</returns>
    internal static Coroutine BroadcastTlbiOfAll(Cpu cpu, Host host) => Broadcast(cpu, host, AllVmids);

    /// <inheritdoc/>
    public override async Coroutine LeaveGuest(Cpu cpu, Vcpu vcpu)
    {
        HostCpu hostCpu = vcpu.HostCpu;
        hostCpu.TakeInvalidations(await hostCpu.Interrupts.EnableInterrupts(cpu));
        await vcpu.EnablePreemptionIfNeeded(cpu);
    }

    /// <inheritdoc/>
    public override bool TryDecodeTable(ulong entry, int level, out ulong frameNumber)
    {
        frameNumber = (entry & PfnMask) >> PfnShift;
        return (entry & TypeMask) == TypeMask;
    }

    /// <inheritdoc/>
    public override LeafEntry DecodeLeaf(ulong entry, int level, Gfn gfn)
    {
        bool isPage = level == 0 && (entry & TypeMask) == TypeMask;
        bool isBlock = level > 0 && (entry & TypeMask) == Valid;
        if (!isPage && !isBlock)
        {
            return default;
        }

        ulong inBlock = gfn.Value & (Geometry.FramesPerEntry(level) - 1);
        bool writable = (entry & Write) != 0;
        return new LeafEntry(true, (entry & AccessFlag) != 0, writable, writable, new Pfn(((entry & PfnMask) >> PfnShift) + inBlock)) { Level = (byte)level };
    }

    /// <summary>pfn_pte().</summary>
    /// <param name="pfn">The page.</param>
    /// <param name="protection">Its bits.</param>
    /// <returns>The entry.</returns>
    internal static ulong PageEntry(Pfn pfn, ulong protection) => (pfn.Value << PfnShift) | protection | TypeMask;

    /// <summary>pfn_pmd() with pmd_mkhuge(): the entry of a block above the last level.</summary>
    /// <param name="pfn">The first page; of any number, as frames of a huge page are consecutive but not aligned.</param>
    /// <param name="protection">Its bits.</param>
    /// <returns>The entry.</returns>
    internal static ulong BlockEntry(Pfn pfn, ulong protection) => (pfn.Value << PfnShift) | protection | Valid;

    /// <summary>pmd_populate_kernel() and its like: the entry that leads to a table.</summary>
    /// <param name="table">The table.</param>
    /// <returns>The entry.</returns>
    internal static ulong TableEntry(Page table) => (table.FrameNumber << PfnShift) | TypeMask;

    /// <summary>pte_offset_kernel() and its like: the table that an entry leads to.</summary>
    /// <param name="entry">The entry.</param>
    /// <returns>The table.</returns>
    private protected Page TableOf(ulong entry) => TableOf(Memory, entry);

    /// <summary>pte_offset_kernel() and its like: the table that an entry leads to.</summary>
    /// <param name="memory">Where it is.</param>
    /// <param name="entry">The entry.</param>
    /// <returns>The table.</returns>
    internal static Page TableOf(PhysicalMemory memory, ulong entry)
    {
        Page? table = memory.PageAt((entry & PfnMask) >> PfnShift);
        Invariant.Holds(table is not null, "an entry above the last level leads to a page");
        return table;
    }

    /// <summary>Says that the entry of a page, or of a frame of a block, was written; called right after.</summary>
    /// <param name="cpu">Who wrote it.</param>
    /// <param name="gfn">The guest frame.</param>
    /// <param name="old">What it was.</param>
    /// <param name="new">What it is.</param>
    /// <param name="level">The level of the table it is in.</param>
    internal void TraceSetPte(Cpu cpu, Gfn gfn, ulong old, ulong @new, int level = 0)
    {
        LeafEntry now = DecodeLeaf(@new, level, gfn);
        if (now.Present)
        {
            cpu.Log($"  set_pte(gfn {gfn} -> pfn {now.Pfn})");
        }
        else
        {
            cpu.Log($"  set_pte(gfn {gfn} -> none)");
        }

        LeafWritten(cpu, gfn, DecodeLeaf(old, level, gfn), now);
    }

    /// <summary>Says that a table is about to be freed.</summary>
    /// <param name="cpu">Who frees it.</param>
    /// <param name="table">The table.</param>
    internal void TraceTableFreed(Cpu cpu, Page table) => Kvm.Tracepoints?.TableFreed(cpu, Kvm, table);

    /// <summary>kvm_tlb_flush_vmid_ipa(): invalidates by the VM's VMID and an address, and waits.</summary>
    /// <param name="cpu">The caller.</param>
    /// <returns>When no CPU uses an old translation.</returns>
    internal abstract Coroutine TlbFlushVmidIpa(Cpu cpu);

    private static async Coroutine Broadcast(Cpu cpu, Host host, byte vmids)
    {
        foreach (HostCpu target in host.Cpus)
        {
            await target.Interrupts.Interrupt(cpu, wait: true, vmids);
        }
    }
}
