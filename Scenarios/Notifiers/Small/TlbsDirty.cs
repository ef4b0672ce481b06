using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>Z23: entries are dropped without a flush, and counted in tlbs_dirty, a long, for the next notification to flush; the notification looks at an int.</summary>
/// <remarks>
/// I2: no vCPU uses a page that the host has freed. 88bf56d04bc3 looks at tlbs_dirty itself, where it was or-ed into an int, so that its upper half was lost.
/// Mirrors: FNAME(sync_page)(), arch/x86/kvm/mmu/paging_tmpl.h; kvm_mmu_notifier_invalidate_range_start(), virt/kvm/kvm_main.c (v5.10).
/// Differs: an int is 1 bit wide, so that two dropped entries make it 0; a TLB has one entry, and two are dropped.
/// </remarks>
internal sealed class TlbsDirty
{
    private const string NoStaleTlb = nameof(NoStaleTlb);
    private const ulong IntMask = 1;
    private static readonly string[] Fields = ["tlbs_dirty", "spte[0]", "spte[1]", "TLB", "freed"];

    private readonly bool looksAtLong;
    private readonly SpinLock mmuLock;
    private readonly PhysicalCpu physicalCpu;
    private readonly Block block;

    private TlbsDirty(Stage stage, bool looksAtLong)
    {
        this.looksAtLong = looksAtLong;
        Multiprocessor machine = stage.Machine;
        mmuLock = new SpinLock(machine, SmallLocks.MmuLock);
        physicalCpu = new PhysicalCpu(machine, 0);
        block = machine.Memory.Allocate("kvm", Fields);
        block[1].Initialise(1);
        block[2].Initialise(2);
        Tlb.Initialise(1);
        stage.Add(new Doer(Names.Vcpu(0), GuestRead), Does.Once);
        stage.Add(new Doer(Names.Vcpu(1), SyncPage), Does.Once);
        stage.Add(new Doer(Names.Notifier(0), Unmap), Does.Once);
    }

    /// <summary>The code before the fix.</summary>
    public static SmallScenario Before { get; } = new(
        "tlbs-dirty-before", "a notification looks at tlbs_dirty as an int", Expectation.Violated("", "88bf56d04bc3", NoStaleTlb).AfterPreemptions(0),
        static stage => _ = new TlbsDirty(stage, looksAtLong: false));

    /// <summary>The code after it.</summary>
    public static SmallScenario After { get; } = new(
        "tlbs-dirty", "a notification looks at tlbs_dirty as the long it is", Expectation.Held(""), static stage => _ = new TlbsDirty(stage, looksAtLong: true));

    private Word Dirty => block[0];

    private Word Tlb => block[3];

    private Word Freed => block[4];

    private async Coroutine GuestRead(Cpu cpu)
    {
        await physicalCpu.DisableInterrupts(cpu);
        if (await cpu.ReadOnce(Tlb) != 0)
        {
            cpu.Log($"guest reads pfn 1 through its TLB");
            if (await cpu.ReadOnce(Freed) != 0)
            {
                cpu.Fail(NoStaleTlb, "the TLB still has pfn 1, which the host has freed", "stale: pfn 1 is freed");
            }
        }

        await physicalCpu.EnableInterrupts(cpu);
    }

    // FNAME(sync_page)(): the guest has changed its page table, so both entries go.
    private async Coroutine SyncPage(Cpu cpu)
    {
        await cpu.Lock(mmuLock);
        for (int i = 1; i <= 2; i++)
        {
            if (cpu.Read(block[i]) != 0)
            {
                cpu.Write(block[i], 0);
                cpu.Write(Dirty, cpu.Read(Dirty) + 1);
                cpu.Log($"FNAME(sync_page)(): drop_spte(), tlbs_dirty => {cpu.Read(Dirty)}");
            }
        }

        await cpu.Unlock(mmuLock);
    }

    private async Coroutine Unmap(Cpu cpu)
    {
        cpu.Log($"invalidate_range_start()");
        await cpu.Lock(mmuLock);
        ulong needTlbFlush = cpu.Read(block[1]) != 0 ? 1UL : 0;
        cpu.Write(block[1], 0);
        ulong dirty = cpu.Read(Dirty);
        bool flush = looksAtLong ? needTlbFlush != 0 || dirty != 0 : ((needTlbFlush | dirty) & IntMask) != 0;
        if (flush)
        {
            cpu.Log($"kvm_flush_remote_tlbs()");
            await cpu.WriteOnce(Tlb, 0); // the request, which is looked at when interrupts are turned off
            await physicalCpu.Interrupt(cpu, wait: true);
            cpu.Write(Dirty, 0);
        }

        await cpu.Unlock(mmuLock);
        cpu.Log($"host unmaps and frees pfn 1");
        await cpu.WriteOnce(Freed, 1);
    }
}
