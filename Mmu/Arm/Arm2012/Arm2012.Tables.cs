namespace MmuStress.Mmu;

/// <content>The tables: setting and clearing entries, references, teardown.</content>
public sealed partial class Arm2012
{
    // __kvm_tlb_flush_vmid(), arch/arm/kvm/interrupts.S: "bx lr", nothing else (A12-3).
    private static void TlbFlushVmid()
    {
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: __kvm_tlb_flush_vmid(), which is empty.</remarks>
    internal override Coroutine TlbFlushVmidIpa(Cpu cpu)
    {
        TlbFlushVmid();
        return Coroutine.Completed;
    }

    // kvm_alloc_stage2_pgd(). The level-1 table only; no locking needed, as it is called when the VM is created.
    private protected override int AllocStage2Pgd()
    {
        if (pgd.Peek != 0)
        {
            return -Errno.EINVAL;
        }

        Page[]? pages = Tables.AllocateOrder("pgd", Kvm.Parameters.PgdOrder);
        if (pages is null)
        {
            return -Errno.ENOMEM;
        }

        pgdPages = pages;
        pgd.Initialise(pages[0].FrameNumber);
        return 0;
    }

    // kvm_free_stage2_pgd(): every table below the top-level one, that one, and only then the pointer to it (A12-8).
    private async Coroutine FreeStage2Pgd(Cpu cpu)
    {
        if (await cpu.ReadOnce(pgd) == 0)
        {
            return;
        }

        Page? pudPage = null;
        foreach (Page table in pgdPages)
        {
            for (int i = 0; i < Geometry.EntriesPerTable; i++)
            {
                pudPage = table;
                ulong pud = cpu.Read(table[i]);
                if (pud == 0)
                {
                    continue;
                }

                Page pmd = TableOf(pud);
                await FreeStage2Ptes(cpu, pmd);
                await Tables.PutPage(cpu, pmd); // pmd_free()
                await Tables.PutPage(cpu, pudPage);
            }
        }

        // Of the last page of the top-level table only (A12-7).
        Kvm.WarnOn(cpu, await Tables.PageCount(cpu, pudPage!) != 1, "page_count(pud_page) != 1 in kvm_free_stage2_pgd()");
        await Tables.FreePages(cpu, pgdPages);
        await cpu.WriteOnce(pgd, 0);
    }

    private async Coroutine FreeStage2Ptes(Cpu cpu, Page pmdPage)
    {
        for (int i = 0; i < Geometry.EntriesPerTable; i++)
        {
            ulong pmd = cpu.Read(pmdPage[i]);
            if (pmd != 0)
            {
                Page pte = TableOf(pmd);
                await FreeGuestPages(cpu, pte);
                await Tables.PutPage(cpu, pte); // pte_free_kernel()
                await Tables.PutPage(cpu, pmdPage);
                cpu.Machine.MadeProgress();
            }
        }

        Kvm.WarnOn(cpu, await Tables.PageCount(cpu, pmdPage) != 1, "page_count(pmd_page) != 1 in free_stage2_ptes()");
    }

    private async Coroutine FreeGuestPages(Cpu cpu, Page ptePage)
    {
        for (int i = 0; i < Geometry.EntriesPerTable; i++)
        {
            if (cpu.Read(ptePage[i]) != 0)
            {
                await Tables.PutPage(cpu, ptePage);
            }
        }

        Kvm.WarnOn(cpu, await Tables.PageCount(cpu, ptePage) != 1, "page_count(pte_page) != 1 in free_guest_pages()");
    }

    // stage2_clear_pte(): clears an entry and puts its reference, whether it was set or not (A12-1); tables without references go, and then the
    // TLB is flushed (A12-2). Caller holds pgd_lock.
    private async Coroutine Stage2ClearPte(Cpu cpu, Gfn addr)
    {
        Page pudPage = RootFor(addr);
        Word pud = pudPage[Geometry.IndexOf(addr, 2)];
        ulong pudValue = cpu.Read(pud);
        if (pudValue == 0)
        {
            return;
        }

        Page pmdPage = TableOf(pudValue);
        Word pmd = pmdPage[Geometry.IndexOf(addr, 1)];
        ulong pmdValue = cpu.Read(pmd);
        if (pmdValue == 0)
        {
            return;
        }

        Page ptePage = TableOf(pmdValue);
        Word pte = ptePage[Geometry.IndexOf(addr, 0)];
        ulong old = cpu.Read(pte);
        await cpu.WriteOnce(pte, 0);
        TraceSetPte(cpu, addr, old, 0);

        await Tables.PutPage(cpu, ptePage);
        if (await Tables.PageCount(cpu, ptePage) != 1)
        {
            TlbFlushVmid();
            return;
        }

        // Need to remove the pte page.
        await cpu.WriteOnce(pmd, 0);
        await FreeTable(cpu, ptePage);

        await Tables.PutPage(cpu, pmdPage);
        if (await Tables.PageCount(cpu, pmdPage) != 1)
        {
            TlbFlushVmid();
            return;
        }

        await cpu.WriteOnce(pud, 0);
        await FreeTable(cpu, pmdPage);

        await Tables.PutPage(cpu, pudPage);
        TlbFlushVmid();
    }

    // stage2_set_pte(), with a cache; without one, only where the tables exist. Caller holds pgd_lock.
    private async Coroutine Stage2SetPte(Cpu cpu, MemoryCache? cache, Gfn addr, ulong newPte)
    {
        // Level 1.
        Page pudPage = RootFor(addr);
        Word pud = pudPage[Geometry.IndexOf(addr, 2)];
        ulong pudValue = cpu.Read(pud);
        if (pudValue == 0)
        {
            if (cache is null)
            {
                return; // ignore calls from kvm_set_spte_hva
            }

            pudValue = await Populate(cpu, cache, pudPage, pud, 1);
        }

        // Level 2.
        Page pmdPage = TableOf(pudValue);
        Word pmd = pmdPage[Geometry.IndexOf(addr, 1)];
        ulong pmdValue = cpu.Read(pmd);
        if (pmdValue == 0)
        {
            if (cache is null)
            {
                return; // ignore calls from kvm_set_spte_hva
            }

            pmdValue = await Populate(cpu, cache, pmdPage, pmd, 0);
        }

        // Level 3.
        Page ptePage = TableOf(pmdValue);
        Word pte = ptePage[Geometry.IndexOf(addr, 0)];
        ulong oldPte = cpu.Read(pte);
        await cpu.WriteOnce(pte, newPte);
        TraceSetPte(cpu, addr, oldPte, newPte);
        if (oldPte != 0)
        {
            TlbFlushVmid();
        }
        else
        {
            await Tables.GetPage(cpu, ptePage);
        }
    }

    // pud_populate() or pmd_populate_kernel(), and the reference that the new entry holds.
    private async Coroutine<ulong> Populate(Cpu cpu, MemoryCache cache, Page parent, Word entry, int level)
    {
        Page child = Tables.Allocate(cpu, cache);
        ulong value = TableEntry(child);
        await cpu.WriteOnce(entry, value);
        Kvm.Tracepoints?.TableLinked(cpu, Kvm, child, level);
        await Tables.GetPage(cpu, parent);
        return value;
    }

    // pte_free_kernel(), pmd_free().
    private Coroutine FreeTable(Cpu cpu, Page table)
    {
        TraceTableFreed(cpu, table);
        return Tables.PutPage(cpu, table);
    }
}
