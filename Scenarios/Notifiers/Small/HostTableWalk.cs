using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>Z09: KVM walks the host's page table to see how large the mapping is, while khugepaged replaces a table by a huge page and frees it.</summary>
/// <remarks>
/// I4: a freed table is not read. 44187235cbcc walks with interrupts off, as gup_fast does, so that who frees a table and interrupts every CPU before waits for the
/// walk.
/// Mirrors: host_pfn_mapping_level(), arch/x86/kvm/mmu/mmu.c (v5.17 and v5.18); tlb_remove_table_sync_one(), mm/mmu_gather.c, as collapse_huge_page() calls it.
/// Differs: two levels, one entry each.
/// </remarks>
internal sealed class HostTableWalk
{
    private static readonly BlockKind Table = new("host page table", MmuInvariants.NoTableUseAfterFree);

    private readonly bool disablesInterrupts;
    private readonly PhysicalCpu physicalCpu;
    private readonly Word pmd;
    private readonly Page table;
    private bool isCollapsed; // free-running, scripts begin again; there is one table

    private HostTableWalk(Stage stage, bool disablesInterrupts)
    {
        this.disablesInterrupts = disablesInterrupts;
        physicalCpu = new PhysicalCpu(stage.Machine, 0);
        pmd = stage.Machine.Memory.Allocate("mm", "pmd")[0];
        pmd.Initialise(1);
        table = stage.Machine.Memory.AllocatePage("pte table", Table);
        table.Fill(1);
        stage.Add(new Doer(Names.Vcpu(0), HostPfnMappingLevel), Does.Once);
        stage.Add(new Doer("khugepaged", CollapseHugePage), Does.Once);
    }

    /// <summary>The code before the fix.</summary>
    public static SmallScenario Before { get; } = new(
        "host-table-walk-before", "KVM walks the host's page table with interrupts on", Expectation.Violated("", "44187235cbcc", MmuInvariants.NoTableUseAfterFree),
        static stage => _ = new HostTableWalk(stage, disablesInterrupts: false));

    /// <summary>The code after it.</summary>
    public static SmallScenario After { get; } = new(
        "host-table-walk", "KVM walks the host's page table with interrupts off", Expectation.Held(""), static stage => _ = new HostTableWalk(stage, disablesInterrupts: true));

    private async Coroutine HostPfnMappingLevel(Cpu cpu)
    {
        if (disablesInterrupts)
        {
            await physicalCpu.DisableInterrupts(cpu);
        }

        ulong entry = await cpu.HardwareRead(pmd);
        cpu.Log($"host_pfn_mapping_level(): pmd => {(entry == 1 ? "table" : "huge")}");
        if (entry == 1)
        {
            ulong pte = await cpu.HardwareRead(table[0]);
            cpu.Log($"host_pfn_mapping_level(): pte => {pte}");
        }

        if (disablesInterrupts)
        {
            await physicalCpu.EnableInterrupts(cpu);
        }
    }

    private async Coroutine CollapseHugePage(Cpu cpu)
    {
        if (isCollapsed)
        {
            return;
        }

        isCollapsed = true;
        await cpu.WriteOnce(pmd, 2);
        cpu.Log($"pmdp_collapse_flush(), tlb_remove_table_sync_one()");
        await physicalCpu.Interrupt(cpu, wait: true);
        cpu.Log($"khugepaged frees the table");
        cpu.Machine.Memory.FreePage(cpu, table);
    }
}
