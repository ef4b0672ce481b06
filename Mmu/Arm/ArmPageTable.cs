namespace MmuStress.Mmu;

/// <summary>A page table as arch/arm/kvm/mmu.c handles it, stage 2's or the hypervisor's: counted tables, freed when nothing is in them.</summary>
/// <remarks>
/// Mirrors: unmap_ptes(), unmap_pmds(), unmap_puds(), unmap_range(), clear_pmd_entry() and its like, arch/arm/kvm/mmu.c (v3.18).
/// Locking: the caller's: mmu_lock for stage 2, kvm_hyp_pgd_mutex for the hypervisor's.
/// Differs: one method for all levels, as their number is a parameter.
/// </remarks>
/// <param name="memory">Where the tables are.</param>
/// <param name="tables">Their struct pages.</param>
/// <param name="geometry">The kernel's levels: level 0 has the ptes, the highest the pgd.</param>
/// <param name="arch">Whose stage 2 it is, "kvm", whose TLB entries go with what is cleared; null for the hypervisor's.</param>
internal sealed class ArmPageTable(PhysicalMemory memory, TablePages tables, PageTableGeometry geometry, ArmMmu? arch)
{
    /// <summary>The kernel's levels.</summary>
    public PageTableGeometry Geometry => geometry;

    /// <summary>kvm_page_empty() and the guards around it: whether a table of a level may be freed when it is empty. Never one that hardware begins with.</summary>
    public Func<int, bool> MayFree { get; init; } = static _ => true;

    /// <summary>The struct pages.</summary>
    public TablePages Tables => tables;

    /// <summary>pte_offset_kernel() and its like.</summary>
    /// <param name="entry">An entry above the last level.</param>
    /// <returns>The table it leads to.</returns>
    public Page TableOf(ulong entry) => ArmMmu.TableOf(memory, entry);

    /// <summary>unmap_range().</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="root">Entry i of the pgd.</param>
    /// <param name="start">The first frame.</param>
    /// <param name="end">The frame after the last.</param>
    /// <returns>When it is done.</returns>
    public async Coroutine UnmapRange(Cpu cpu, Func<int, TableEntry> root, Gfn start, Gfn end)
    {
        int top = geometry.RootLevel;
        Gfn addr = start;
        while (addr < end)
        {
            Gfn next = geometry.EndOfEntry(addr, end, top);
            TableEntry pgd = root((int)(addr.Value / geometry.FramesPerEntry(top)));
            ulong value = cpu.Read(pgd.Word);
            if (value != 0)
            {
                await UnmapTable(cpu, pgd, TableOf(value), top - 1, addr, next);
            }

            addr = next;
        }
    }

    // unmap_ptes(), unmap_pmds(), unmap_puds().
    private async Coroutine UnmapTable(Cpu cpu, TableEntry parent, Page table, int level, Gfn start, Gfn end)
    {
        Gfn addr = start;
        while (addr < end)
        {
            Gfn next = geometry.EndOfEntry(addr, end, level);
            var entry = new TableEntry(table[geometry.IndexOf(addr, level)], table);
            ulong value = cpu.Read(entry.Word);
            if (value != 0 && level == 0)
            {
                await cpu.WriteOnce(entry.Word, 0);
                arch?.TraceSetPte(cpu, addr, value, 0);
                await tables.PutPage(cpu, table);
                await FlushVmidIpa(cpu);
            }
            else if (value != 0)
            {
                await UnmapTable(cpu, entry, TableOf(value), level - 1, addr, next);
            }

            addr = next;
        }

        // kvm_pte_table_empty(), kvm_pmd_table_empty(), kvm_pud_table_empty()
        if (await tables.PageCount(cpu, table) == 1 && MayFree(level))
        {
            await ClearEntry(cpu, parent, table);
        }
    }

    // clear_pmd_entry(), clear_pud_entry(), clear_pgd_entry().
    private async Coroutine ClearEntry(Cpu cpu, TableEntry entry, Page table)
    {
        await cpu.WriteOnce(entry.Word, 0);
        await FlushVmidIpa(cpu);
        arch?.TraceTableFreed(cpu, table);
        await tables.PutPage(cpu, table);
        await PutParent(cpu, entry);
    }

    // put_page(virt_to_page(entry)).
    private Coroutine PutParent(Cpu cpu, TableEntry entry)
    {
        Kvm.WarnOn(cpu, entry.Page is null, "put_page() of a slab page: the pgd is a fake one");
        return entry.Page is null ? Coroutine.Completed : tables.PutPage(cpu, entry.Page);
    }

    // kvm_tlb_flush_vmid_ipa(): nothing for the hypervisor's table.
    private Coroutine FlushVmidIpa(Cpu cpu) => arch is null ? Coroutine.Completed : arch.TlbFlushVmidIpa(cpu);
}
