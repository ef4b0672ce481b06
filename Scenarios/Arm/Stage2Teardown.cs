using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>Z33 and Z34: the VM's page table is freed while the host unmaps a part of it.</summary>
/// <remarks>
/// Mirrors: kvm_free_stage2_pgd(), unmap_stage2_range(), unmap_stage2_ptes(), clear_stage2_pmd_entry(), arch/arm/kvm/mmu.c (v4.10 to v4.15).
/// Differs: a pgd of two entries above tables of two entries, all in use; no TLBs. Entries are read and written with marked accesses.
/// </remarks>
internal sealed class Stage2Teardown
{
    private const int Entries = 2;
    private static readonly LockClass MmuLock = new("mmu_lock", maySleep: false, isHeadline: true);

    private readonly Multiprocessor machine;
    private readonly TablePages tables;
    private readonly SpinLock mmuLock;
    private readonly Version version;
    private readonly Word archPgd; // kvm->arch.pgd: 1, or 0 for NULL
    private readonly Page pgd;

    private Stage2Teardown(Stage stage, Version version, int unmapped)
    {
        this.version = version;
        machine = stage.Machine;
        tables = new TablePages(machine.Memory);
        mmuLock = new SpinLock(machine, MmuLock);
        archPgd = machine.Memory.Allocate("kvm->arch", "kvm->arch.pgd")[0];
        archPgd.Initialise(1);
        Cpu setup = machine.SetupCpu;
        pgd = tables.Allocate("pgd")!;
        for (int i = 0; i < Entries; i++)
        {
            Page table = tables.Allocate("pte table")!;
            pgd[i].Initialise(table.FrameNumber);
            tables.GetPage(setup, pgd).GetResult();
            for (int j = 0; j < Entries; j++)
            {
                table[j].Initialise(1);
                tables.GetPage(setup, table).GetResult();
            }
        }

        stage.Add(new Doer("release", FreeStage2Pgd), Does.Once);
        stage.Add(new Doer(Names.Notifier(0), cpu => UnmapHvaRange(cpu, 0, unmapped)), Does.Once);
        stage.CheckLeaks();
    }

    private enum Version
    {
        /// <summary>v4.10.</summary>
        Unlocked,

        /// <summary>8b3405e345b5, and what was mended with it: pgd is reset under the lock.</summary>
        Locked,

        /// <summary>0c428a6a9256.</summary>
        Checked,
    }

    /// <summary>Z33 before: no lock is taken to free the table.</summary>
    public static SmallScenario UnlockedBefore { get; } = new(
        "free-pgd-before", "the page table is freed without mmu_lock while the host unmaps",
        Expectation.Violated("", "8b3405e345b5", MmuInvariants.NoTableUseAfterFree, MmuInvariants.NoKernelWarning, MmuInvariants.NoTableLeak),
        static stage => _ = new Stage2Teardown(stage, Version.Unlocked, unmapped: Entries));

    /// <summary>Z33 after.</summary>
    public static SmallScenario UnlockedAfter { get; } = new(
        "free-pgd", "the page table is freed under mmu_lock while the host unmaps", Expectation.Held(""),
        static stage => _ = new Stage2Teardown(stage, Version.Locked, unmapped: Entries));

    /// <summary>Z34 before: the lock is dropped in the middle of a walk, which then goes on.</summary>
    public static SmallScenario DroppedBefore { get; } = new(
        "free-pgd-resched-before", "the page table is freed while an unmap has dropped mmu_lock in the middle", Expectation.Violated("", "0c428a6a9256", MmuInvariants.NoTableUseAfterFree).AfterPreemptions(0),
        static stage => _ = new Stage2Teardown(stage, Version.Locked, unmapped: Entries * Entries));

    /// <summary>Z34 after.</summary>
    public static SmallScenario DroppedAfter { get; } = new(
        "free-pgd-resched", "an unmap that has dropped mmu_lock looks whether the page table is still there", Expectation.Held(""),
        static stage => _ = new Stage2Teardown(stage, Version.Checked, unmapped: Entries * Entries));

    // kvm_free_stage2_pgd()
    private async Coroutine FreeStage2Pgd(Cpu cpu)
    {
        cpu.Log($"kvm_free_stage2_pgd()");
        if (version == Version.Unlocked)
        {
            if (await cpu.ReadOnce(archPgd) == 0)
            {
                return;
            }

            await UnmapStage2Range(cpu, 0, Entries * Entries);
            await tables.PutPage(cpu, pgd); // free_pages_exact()
            await cpu.WriteOnce(archPgd, 0);
            return;
        }

        await cpu.Lock(mmuLock);
        ulong present = await cpu.ReadOnce(archPgd);
        if (present != 0)
        {
            await UnmapStage2Range(cpu, 0, Entries * Entries);
            await cpu.WriteOnce(archPgd, 0);
        }

        await cpu.Unlock(mmuLock);
        if (present != 0)
        {
            await tables.PutPage(cpu, pgd); // free_pages_exact()
        }
    }

    // kvm_unmap_hva_range(), for a memslot that begins at 0.
    private async Coroutine UnmapHvaRange(Cpu cpu, int start, int end)
    {
        cpu.Log($"kvm_unmap_hva_range([{start}, {end}))");
        await cpu.Lock(mmuLock);
        if (await cpu.ReadOnce(archPgd) != 0)
        {
            await UnmapStage2Range(cpu, start, end);
        }

        await cpu.Unlock(mmuLock);
    }

    // unmap_stage2_range()
    private async Coroutine UnmapStage2Range(Cpu cpu, int start, int end)
    {
        for (int index = start / Entries; index * Entries < end; index++)
        {
            // Make sure the page table is still active, as another thread could have possibly freed the page table, while we released the lock.
            if (version == Version.Checked && await cpu.ReadOnce(archPgd) == 0)
            {
                break;
            }

            ulong pmd = await cpu.ReadOnce(pgd[index]);
            if (pmd != 0)
            {
                await UnmapStage2Ptes(cpu, pgd[index], machine.Memory.PageAt(pmd)!);
            }

            // If the range is too large, release the kvm->mmu_lock to prevent starvation and lockup detector warnings.
            if (version != Version.Unlocked && (index + 1) * Entries < end)
            {
                await cpu.Unlock(mmuLock); // cond_resched_lock()
                await cpu.CondResched();
                await cpu.Lock(mmuLock);
            }
        }
    }

    // unmap_stage2_ptes(), clear_stage2_pmd_entry()
    private async Coroutine UnmapStage2Ptes(Cpu cpu, Word pmd, Page table)
    {
        for (int i = 0; i < Entries; i++)
        {
            if (await cpu.ReadOnce(table[i]) != 0)
            {
                await cpu.WriteOnce(table[i], 0);
                await tables.PutPage(cpu, table);
            }
        }

        if (await tables.PageCount(cpu, table) == 1)
        {
            await cpu.WriteOnce(pmd, 0);
            await tables.PutPage(cpu, table); // free_page()
            await tables.PutPage(cpu, pgd);
        }
    }
}
