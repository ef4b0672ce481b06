using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>Z36: the top-level table is two pages, of which only the first has a reference from the start; the last entry cleared in the second frees it.</summary>
/// <remarks>
/// Mirrors: kvm_alloc_stage2_pgd() and __get_free_pages() without __GFP_COMP (v3.19); host_s2_zalloc_pages_exact() and hyp_alloc_pages() (v5.14). Both were mended
/// by splitting the allocation, so that each page has a reference of its own.
/// Differs: entries of the top level lead to pages at once; no TLBs.
/// </remarks>
internal sealed class ConcatenatedRoot
{
    private static readonly LockClass MmuLock = new("mmu_lock", maySleep: false);

    private readonly TablePages tables;
    private readonly SpinLock mmuLock;
    private readonly Page[] pgd;

    private ConcatenatedRoot(Stage stage, bool isSplit)
    {
        tables = new TablePages(stage.Machine.Memory);
        mmuLock = new SpinLock(stage.Machine, MmuLock);
        pgd = isSplit ? [tables.Allocate("pgd")!, tables.Allocate("pgd, second page")!] : tables.AllocateOrder("pgd", 1)!;
        stage.Add(new Doer(Names.Vcpu(0), GuestAccess), Does.Twice);
        stage.Add(new Doer(Names.Notifier(0), Unmap), Does.Once);
    }

    /// <summary>The code before the fix.</summary>
    public static SmallScenario Before { get; } = new(
        "root-pages-before", "the second page of a top-level table has no reference of its own", Expectation.Violated("", "1d58a17ef545", MmuInvariants.NoTableUseAfterFree),
        static stage => _ = new ConcatenatedRoot(stage, isSplit: false));

    /// <summary>The code after it.</summary>
    public static SmallScenario After { get; } = new(
        "root-pages", "each page of a top-level table has a reference of its own", Expectation.Held(""), static stage => _ = new ConcatenatedRoot(stage, isSplit: true));

    private Word Entry => pgd[1][0];

    // Hardware walks into the second page; a fault maps what is missing.
    private async Coroutine GuestAccess(Cpu cpu)
    {
        if (await cpu.HardwareRead(Entry) != 0)
        {
            return;
        }

        cpu.Log($"user_mem_abort()");
        await cpu.Lock(mmuLock);
        if (await cpu.ReadOnce(Entry) == 0)
        {
            await cpu.WriteOnce(Entry, 1);
            await tables.GetPage(cpu, pgd[1]);
        }

        await cpu.Unlock(mmuLock);
    }

    private async Coroutine Unmap(Cpu cpu)
    {
        cpu.Log($"unmap_range()");
        await cpu.Lock(mmuLock);
        if (await cpu.ReadOnce(Entry) != 0)
        {
            await cpu.WriteOnce(Entry, 0);
            await tables.PutPage(cpu, pgd[1]);
        }

        await cpu.Unlock(mmuLock);
    }
}
