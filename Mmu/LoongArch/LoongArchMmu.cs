using static MmuStress.Mmu.LoongArchPteBits;

namespace MmuStress.Mmu;

/// <summary>What every posting of LoongArch's MMU does alike: the tables' layout, and reading an entry.</summary>
/// <remarks>
/// Mirrors: arch/loongarch/kvm/mmu.c.
/// Differs: an entry above the last level that leads nowhere is 0, not the address of the shared table of invalid entries.
/// </remarks>
public abstract class LoongArchMmu : KvmArch
{
    /// <summary>The MMU of <paramref name="kvm"/>.</summary>
    /// <param name="kvm">The VM.</param>
    /// <param name="name">What users call it.</param>
    private protected LoongArchMmu(Kvm kvm, string name)
        : base(kvm, name)
    {
        Memory = kvm.Machine.Memory;
        Root = Memory.AllocatePage("pgd", TablePage);
        Root.Fill(0);
        Roots = [Root];
    }

    /// <inheritdoc/>
    public sealed override IReadOnlyList<Page> Roots { get; }

    /// <summary>kvm->arch.pgd: the top-level table.</summary>
    /// <remarks>Mirrors: kvm_pgd_alloc().</remarks>
    public Page Root { get; }

    private protected PhysicalMemory Memory { get; }

    /// <inheritdoc/>
    public sealed override Page RootFor(Gfn gfn) => Root;

    /// <inheritdoc/>
    public sealed override bool TryDecodeTable(ulong entry, int level, out ulong frameNumber)
    {
        frameNumber = entry >> PfnShift;
        return entry != 0;
    }

    /// <inheritdoc/>
    public sealed override LeafEntry DecodeLeaf(ulong entry, int level, Gfn gfn) =>
        level > 0 ? default : new((entry & Present) != 0, (entry & Accessed) != 0, (entry & Write) != 0, (entry & Dirty) != 0, new Pfn(entry >> PfnShift));

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_test_age_gfn(). Locking: mmu_lock.</remarks>
    public sealed override bool TestAgeGfn(Cpu cpu, KvmGfnRange range) =>
        TryFindPte(cpu, range.Start, out Word ptep) && (cpu.Read(ptep) & (Present | Accessed)) == (Present | Accessed);

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_flush_remote_tlbs_memslot(). Locking: slots_lock.</remarks>
    public sealed override Coroutine FlushRemoteTlbsMemslot(Cpu cpu, Memslot slot)
    {
        Kvm.SlotsLock.AssertHeld(cpu);
        return Kvm.FlushRemoteTlbs(cpu);
    }

    // kvm_populate_gpa(kvm, NULL, addr): the entry of a frame, if the tables on the way to it exist. Caller holds mmu_lock.
    private protected bool TryFindPte(Cpu cpu, Gfn gfn, out Word ptep)
    {
        Page table = Root;
        for (int level = Geometry.RootLevel; level > 0; level--)
        {
            ulong entry = cpu.Read(table[Geometry.IndexOf(gfn, level)]);
            if (entry == 0)
            {
                ptep = default;
                return false;
            }

            table = TableOf(entry);
        }

        ptep = table[Geometry.IndexOf(gfn, 0)];
        return true;
    }

    // __va(): the table an entry above the last level leads to.
    private protected Page TableOf(ulong entry)
    {
        Page? table = Memory.PageAt(entry >> PfnShift);
        Invariant.Holds(table is not null, "an entry above the last level leads to a page");
        return table;
    }

    // __pa(): the entry that leads to a table.
    private protected static ulong EntryOf(Page table) => table.FrameNumber << PfnShift;

    // Says what kvm_map_page() is about. Guarded: preparing a string that nobody wants is a sixth of the fast path.
    private protected static void LogMapPage(Cpu cpu, Gfn gfn, bool write)
    {
        if (cpu.IsTracing)
        {
            cpu.Log($"kvm_map_page(gfn {gfn}, {(write ? "write" : "read")})");
        }
    }

    // Called right after an entry of the last level was written.
    private protected void TraceSetPte(Cpu cpu, Gfn gfn, ulong old, ulong @new)
    {
        if ((@new & Present) != 0)
        {
            cpu.Log($"  set_pte(gfn {gfn} -> pfn {@new >> PfnShift})");
        }
        else
        {
            cpu.Log($"  set_pte(gfn {gfn} -> none)");
        }

        LeafWritten(cpu, gfn, DecodeLeaf(old, 0, gfn), DecodeLeaf(@new, 0, gfn));
    }

    // free_page().
    private protected void FreeTable(Cpu cpu, Page table)
    {
        cpu.Log($"  free_page(table {table.FrameNumber})");
        Memory.FreePage(cpu, table);
        Kvm.Tracepoints?.TableFreed(cpu, Kvm, table);
    }

    // Whether CommitMemoryRegion has to write-protect: logging goes from off to on.
    private protected static bool EnablesLogging(Cpu cpu, Memslot? old, Memslot? @new, MemslotChange change) =>
        change == MemslotChange.FlagsOnly && !old!.IsDirtyTrackEnabled(cpu) && @new!.IsDirtyTrackEnabled(cpu);
}
