namespace MmuStress.Mmu;

/// <summary>A page table as arch/arm/kvm/mmu.c handles it, stage 2's or the hypervisor's: counted tables, freed when nothing is in them.</summary>
/// <remarks>
/// Mirrors: unmap_ptes(), unmap_pmds(), unmap_puds(), unmap_range(), clear_pmd_entry() and its like, arch/arm/kvm/mmu.c (v3.18).
/// Locking: the caller's: mmu_lock for stage 2, kvm_hyp_pgd_mutex for the hypervisor's.
/// Differs: one method for all levels, as their number is a parameter.
/// </remarks>
/// <param name="arch">Whose entries' format it has.</param>
/// <param name="geometry">The kernel's levels: level 0 has the ptes, the highest the pgd.</param>
/// <param name="isStage2">Whether it is stage 2's, "kvm != NULL", so that TLBs are told of what is cleared.</param>
internal sealed class ArmPageTable(Arm64Of2014 arch, PageTableGeometry geometry, bool isStage2)
{
    /// <summary>The kernel's levels.</summary>
    public PageTableGeometry Geometry => geometry;

    /// <summary>kvm_page_empty() and the guards around it: whether a table of a level may be freed when it is empty. Never one that hardware begins with.</summary>
    public Func<int, bool> MayFree { get; init; } = static _ => true;

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
                await UnmapTable(cpu, pgd, arch.TableAt(value), top - 1, addr, next);
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
                arch.TraceUnmap(cpu, isStage2, addr, value);
                await arch.Tables.PutPage(cpu, table);
                await FlushVmidIpa(cpu);
            }
            else if (value != 0)
            {
                await UnmapTable(cpu, entry, arch.TableAt(value), level - 1, addr, next);
            }

            addr = next;
        }

        // kvm_pte_table_empty(), kvm_pmd_table_empty(), kvm_pud_table_empty()
        if (await arch.Tables.PageCount(cpu, table) == 1 && MayFree(level))
        {
            await ClearEntry(cpu, parent, table);
        }
    }

    // clear_pmd_entry(), clear_pud_entry(), clear_pgd_entry().
    private async Coroutine ClearEntry(Cpu cpu, TableEntry entry, Page table)
    {
        await cpu.WriteOnce(entry.Word, 0);
        await FlushVmidIpa(cpu);
        arch.TraceFree(cpu, isStage2, table);
        await arch.Tables.PutPage(cpu, table);
        await arch.PutParent(cpu, entry);
    }

    // kvm_tlb_flush_vmid_ipa(): nothing for the hypervisor's table.
    private Coroutine FlushVmidIpa(Cpu cpu) => isStage2 ? arch.TlbFlushVmidIpa(cpu) : Coroutine.Completed;
}
