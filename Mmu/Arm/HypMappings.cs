using static MmuStress.Mmu.ArmPteBits;

namespace MmuStress.Mmu;

/// <summary>The hypervisor's own page table, in which it finds a VM and its vCPUs.</summary>
/// <remarks>
/// Mirrors: hyp_pgd, create_hyp_mappings(), __create_hyp_mappings(), create_hyp_pud_mappings() and its like, free_hyp_pgds(), as of "arm64: KVM:
/// Implement 48 VA support for KVM EL2 and Stage-2" (October 2014). A page that is mapped again is counted again; what was mapped before memory
/// ran out stays until the whole table is freed.
/// Locking: kvm_hyp_pgd_mutex.
/// Differs: kernel addresses are frame numbers counted from 0.
/// </remarks>
public sealed class HypMappings
{
    private const ulong PageHyp = Read | Write | AccessFlag;

    private static readonly LockClass MutexClass = new("kvm_hyp_pgd_mutex", maySleep: true);

    private readonly ArmPageTable table;
    private readonly Mutex mutex;
    private Page[] pgd;

    /// <summary>kvm_mmu_init(): a table with nothing in it.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="levels">CONFIG_ARM64_PGTABLE_LEVELS: 2 to 4.</param>
    /// <param name="entriesPerTable">How many entries a table has, a power of 2.</param>
    /// <param name="tables">The struct pages of its tables.</param>
    public HypMappings(Multiprocessor machine, int levels, int entriesPerTable, TablePages tables)
    {
        table = new ArmPageTable(machine.Memory, tables, new PageTableGeometry(levels, entriesPerTable), arch: null) { MayFree = level => level < levels - 1 };
        mutex = new Mutex(machine, MutexClass);

        // When KVM is loaded, before there is a VM for which memory could run out.
        int? left = tables.FailAfter;
        tables.FailAfter = null;
        pgd = tables.AllocateOrder("hyp pgd", 0)!;
        tables.FailAfter = left;
    }

    /// <summary>hyp_pgd; null after <see cref="Free"/>.</summary>
    public Page? Root => pgd.Length == 0 ? null : pgd[0];

    /// <summary>create_hyp_mappings(): maps kernel pages that lie one after the other.</summary>
    /// <param name="cpu">The caller; may sleep.</param>
    /// <param name="from">The first kernel frame.</param>
    /// <param name="pages">How many.</param>
    /// <returns>0 or -ENOMEM.</returns>
    public async Coroutine<int> Create(Cpu cpu, ulong from, ulong pages)
    {
        int error = 0;
        for (ulong page = from; page < from + pages && error == 0; page++)
        {
            await cpu.Lock(mutex);
            error = await Map(cpu, new Gfn(page));
            await cpu.Unlock(mutex);
        }

        return error;
    }

    /// <summary>free_hyp_pgds(): unmaps everything and frees the table.</summary>
    /// <param name="cpu">The caller; may sleep.</param>
    /// <returns>When it is done.</returns>
    public async Coroutine Free(Cpu cpu)
    {
        await cpu.Lock(mutex);
        if (pgd.Length != 0)
        {
            await table.UnmapRange(cpu, Entry, default, new Gfn(table.Geometry.Frames));
            await table.Tables.FreePages(cpu, pgd);
            pgd = [];
        }

        await cpu.Unlock(mutex);
    }

    // __create_hyp_mappings() of one page, down to create_hyp_pte_mappings().
    private async Coroutine<int> Map(Cpu cpu, Gfn addr)
    {
        Page at = pgd[0];
        for (int level = table.Geometry.RootLevel; level > 0; level--)
        {
            Word entry = at[table.Geometry.IndexOf(addr, level)];
            ulong value = cpu.Read(entry);
            if (value == 0)
            {
                if (table.Tables.Allocate("hyp table") is not { } child)
                {
                    return -Errno.ENOMEM; // Cannot allocate Hyp pud, pmd, pte
                }

                value = ArmMmu.TableEntry(child);
                await cpu.WriteOnce(entry, value);
                await table.Tables.GetPage(cpu, at);
            }

            at = table.TableOf(value);
        }

        await cpu.WriteOnce(at[table.Geometry.IndexOf(addr, 0)], ArmMmu.PageEntry(new Pfn(addr.Value), PageHyp));
        await table.Tables.GetPage(cpu, at);
        return 0;
    }

    private TableEntry Entry(int index) => new(pgd[0][index], pgd[0]);
}
