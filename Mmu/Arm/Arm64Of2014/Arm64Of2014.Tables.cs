namespace MmuStress.Mmu;

/// <content>The tables: the pgd, real or fake, getting down to an entry and setting it, teardown.</content>
public sealed partial class Arm64Of2014
{
    private bool HasFakePgd => shape.PreallocLevel > 0;

    // kvm_pud_table_empty(), kvm_pmd_table_empty(): not where the level is folded, and not where it is preallocated (A14-6).
    private bool MayFree(int level) => level switch
    {
        0 => true,
        1 => shape.Levels > 2 && shape.PreallocLevel < 2,
        _ => shape.Levels > 3 && shape.PreallocLevel < 1,
    };

    // kvm->arch.pgd + pgd_index(addr).
    private TableEntry PgdEntry(int index)
    {
        if (fakePgd is not null)
        {
            return new TableEntry(fakePgd[index], null);
        }

        Page page = rootPages[index >> shape.Stride];
        return new TableEntry(page[index & ((1 << shape.Stride) - 1)], page);
    }

    /// <inheritdoc/>
    internal override Coroutine TlbFlushVmidIpa(Cpu cpu) => TlbiVmid(cpu);

    // kvm_alloc_stage2_pgd().
    private protected override int AllocStage2Pgd()
    {
        if (pgd.Peek != 0)
        {
            return -Errno.EINVAL;
        }

        // A fake pgd is for the page-table macros only; hardware does not use it.
        int ret = HasFakePgd ? AllocFakePgd() : AllocPgdPages("pgd", shape.S2PgdOrder);
        if (ret != 0)
        {
            return ret;
        }

        pgd.Initialise(1);
        return 0;
    }

    private int AllocFakePgd()
    {
        Block fake = Memory.Allocate("fake pgd", shape.PtrsPerS2Pgd, BlockKind.Static);
        int ret = PreallocHwpgd(fake);
        if (ret != 0)
        {
            Memory.Free(Kvm.Machine.SetupCpu, fake); // kfree(pgd)
            return ret;
        }

        fakePgd = fake;
        return 0;
    }

    // kvm_prealloc_hwpgd(): the tables that hardware begins with, one after the other, linked into the fake pgd.
    private int PreallocHwpgd(Block fake)
    {
        int ret = AllocPgdPages("hwpgd", shape.PtrsPerS2PgdShift);
        for (int i = 0; ret == 0 && i < shape.PtrsPerS2Pgd; i++)
        {
            fake[i].Initialise(TableEntry(rootPages[i]));
        }

        return ret;
    }

    // __get_free_pages(GFP_KERNEL | __GFP_ZERO, order): without __GFP_COMP, so that only the first page has a reference (A14-1).
    private int AllocPgdPages(string name, int order)
    {
        rootPages = Tables.AllocateOrder(name, order) ?? [];
        return rootPages.Length == 0 ? -Errno.ENOMEM : 0;
    }

    // kvm_free_stage2_pgd(): without mmu_lock, and the pointer last (A14-5).
    private async Coroutine FreeStage2Pgd(Cpu cpu)
    {
        if (await cpu.ReadOnce(pgd) == 0)
        {
            return;
        }

        await table.UnmapRange(cpu, PgdEntry, default, new Gfn(GpaFrames));
        await Tables.FreePages(cpu, rootPages); // kvm_free_hwpgd(), or the pgd itself
        if (fakePgd is not null)
        {
            Memory.Free(cpu, fakePgd); // kfree()
        }

        await cpu.WriteOnce(pgd, 0);
    }

    // stage2_get_pud(): the table of puds, and its level. There is one only where the kernel has four levels; else the pgd is what comes next.
    private async Coroutine<TableEntry> Stage2GetPud(Cpu cpu, MemoryCache? cache, Gfn addr)
    {
        TableEntry entry = PgdEntry((int)(addr.Value / table.Geometry.FramesPerEntry(table.Geometry.RootLevel)));
        if (shape.Levels < 4)
        {
            return entry;
        }

        ulong value = cpu.Read(entry.Word);
        Kvm.WarnOn(cpu, value == 0, "pgd_none() in stage2_get_pud()");
        if (value == 0)
        {
            if (cache is null)
            {
                return default;
            }

            Page pud = Tables.Allocate(cpu, cache);
            value = TableEntry(pud);
            await cpu.WriteOnce(entry.Word, value); // pgd_populate()
            await GetParent(cpu, entry);
        }

        return EntryIn(TableOf(value), addr, 2);
    }

    // stage2_get_pmd(). The answer has no page where there is no table and no cache to take one from.
    private async Coroutine<TableEntry> Stage2GetPmd(Cpu cpu, MemoryCache? cache, Gfn addr)
    {
        TableEntry pud = await Stage2GetPud(cpu, cache, addr);
        if (pud.Word.Block is null)
        {
            Kvm.WarnOn(cpu, true, "stage2_get_pmd() dereferences NULL"); // pud_none(*pud) (A14-2)
            return default;
        }

        if (shape.Levels < 3)
        {
            return pud;
        }

        ulong value = cpu.Read(pud.Word);
        if (value == 0)
        {
            if (cache is null)
            {
                return default;
            }

            value = await Populate(cpu, cache, pud, 1);
        }

        return EntryIn(TableOf(value), addr, 1);
    }

    // stage2_set_pte(). Caller holds mmu_lock.
    private async Coroutine<int> Stage2SetPte(Cpu cpu, MemoryCache? cache, Gfn addr, ulong newPte, bool isIomap)
    {
        // Create stage-2 page table mapping - Levels 0 and 1.
        TableEntry pmd = await Stage2GetPmd(cpu, cache, addr);
        if (pmd.Word.Block is null)
        {
            return 0; // ignore calls from kvm_set_spte_hva for unallocated address ranges
        }

        // Create stage-2 page mappings - Level 2.
        ulong pmdValue = cpu.Read(pmd.Word);
        if (pmdValue == 0)
        {
            if (cache is null)
            {
                return 0; // ignore calls from kvm_set_spte_hva for unallocated address ranges
            }

            pmdValue = await Populate(cpu, cache, pmd, 0);
        }

        Page ptePage = TableOf(pmdValue);
        Word pte = ptePage[table.Geometry.IndexOf(addr, 0)];
        ulong oldPte = cpu.Read(pte);
        if (isIomap && oldPte != 0)
        {
            return -Errno.EFAULT;
        }

        // Create 2nd stage page table mapping - Level 3.
        await cpu.WriteOnce(pte, newPte);
        TraceSetPte(cpu, addr, oldPte, newPte);
        if (oldPte != 0)
        {
            await TlbFlushVmidIpa(cpu);
        }
        else
        {
            await Tables.GetPage(cpu, ptePage);
        }

        return 0;
    }

    // pud_populate() or pmd_populate_kernel(), and the reference that the new entry holds.
    private async Coroutine<ulong> Populate(Cpu cpu, MemoryCache cache, TableEntry entry, int level)
    {
        Page child = Tables.Allocate(cpu, cache);
        ulong value = TableEntry(child);
        await cpu.WriteOnce(entry.Word, value);
        Kvm.Tracepoints?.TableLinked(cpu, Kvm, child, level);
        await GetParent(cpu, entry);
        return value;
    }

    // get_page(virt_to_page(entry)).
    private Step GetParent(Cpu cpu, TableEntry entry)
    {
        Kvm.WarnOn(cpu, entry.Page is null, "get_page() of a slab page: the pgd is a fake one");
        return entry.Page is null ? default : Tables.GetPage(cpu, entry.Page);
    }

    private TableEntry EntryIn(Page inTable, Gfn addr, int level) => new(inTable[table.Geometry.IndexOf(addr, level)], inTable);
}
