using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>Z32: the host changes the page behind an entry that guests use; d4b9e0790aa7 has stage2_set_pte() clear it and flush before it sets the new one.</summary>
/// <remarks>
/// I15: no two CPUs have different translations of one address in their TLBs.
/// Mirrors: stage2_set_pte(), kvm_set_spte_handler(), arch/arm/kvm/mmu.c (v4.5 and v4.6).
/// Differs: one entry, and a TLB with room for it. A TLBI waits for guests to be left, which stands for walks that are under way.
/// </remarks>
internal sealed class Stage2SetPte
{
    private const string BreakBeforeMake = nameof(BreakBeforeMake);
    private const ulong Present = 1;
    private const int PfnShift = 4;

    private readonly bool breaksBeforeMake;
    private readonly SpinLock mmuLock;
    private readonly Word pte;
    private readonly Block tlb;
    private readonly PhysicalCpu[] cpus;
    private static readonly LockClass MmuLock = new("mmu_lock", maySleep: false);

    private Stage2SetPte(Stage stage, bool breaksBeforeMake)
    {
        this.breaksBeforeMake = breaksBeforeMake;
        Multiprocessor machine = stage.Machine;
        mmuLock = new SpinLock(machine, MmuLock);
        pte = machine.Memory.Allocate("stage 2", "pte")[0];
        pte.Initialise(Entry(1));
        tlb = machine.Memory.Allocate("TLB", 2, BlockKind.Static);
        cpus = [new PhysicalCpu(machine, 0), new PhysicalCpu(machine, 1)];
        stage.Add(new Doer(Names.Vcpu(0), cpu => GuestRead(cpu, 0)), Does.Twice);
        stage.Add(new Doer(Names.Vcpu(1), cpu => GuestRead(cpu, 1)), Does.Once);
        stage.Add(new Doer(Names.Notifier(0), SetSpte), Does.Once);
    }

    /// <summary>The code before the fix.</summary>
    public static SmallScenario Before { get; } = new(
        "set-pte-before", "an entry that guests use is overwritten, then flushed", Expectation.Violated("", "d4b9e0790aa7", BreakBeforeMake),
        static stage => _ = new Stage2SetPte(stage, breaksBeforeMake: false));

    /// <summary>The code after it.</summary>
    public static SmallScenario After { get; } = new(
        "set-pte", "an entry that guests use is cleared and flushed, then set", Expectation.Held(""), static stage => _ = new Stage2SetPte(stage, breaksBeforeMake: true));

    private static ulong Entry(ulong pfn) => (pfn << PfnShift) | Present;

    // kvm_set_spte_hva(): the page moves from 1 to 2.
    private async Coroutine SetSpte(Cpu cpu)
    {
        await cpu.Lock(mmuLock);
        await SetPte(cpu, Entry(2));
        await cpu.Unlock(mmuLock);
    }

    // The end of stage2_set_pte().
    private async Coroutine SetPte(Cpu cpu, ulong newPte)
    {
        ulong oldPte = cpu.Read(pte);
        if (breaksBeforeMake && (oldPte & Present) != 0)
        {
            await KvmSetPte(cpu, 0);
            await FlushVmidIpa(cpu);
        }

        await KvmSetPte(cpu, newPte);
        if (!breaksBeforeMake && (oldPte & Present) != 0)
        {
            await FlushVmidIpa(cpu);
        }
    }

    private Step KvmSetPte(Cpu cpu, ulong value)
    {
        cpu.Log($"set_pte(gfn 1 -> {(value == 0 ? "none" : $"pfn {value >> PfnShift}")})");
        return cpu.WriteOnce(pte, value);
    }

    // kvm_tlb_flush_vmid_ipa()
    private async Coroutine FlushVmidIpa(Cpu cpu)
    {
        cpu.Log($"kvm_tlb_flush_vmid_ipa(gfn 1)");
        foreach (PhysicalCpu target in cpus)
        {
            await target.Interrupt(cpu, wait: true);
            await cpu.WriteOnce(tlb[target.Id], 0);
        }
    }

    private async Coroutine GuestRead(Cpu cpu, int id)
    {
        await cpus[id].DisableInterrupts(cpu);
        if (await cpu.ReadOnce(tlb[id]) == 0)
        {
            ulong entry = await cpu.HardwareRead(pte);
            if (entry != 0)
            {
                await cpu.WriteOnce(tlb[id], entry);
                cpu.Log($"TLB refill(gfn 1) => pfn {entry >> PfnShift}");
                Check(cpu, id, entry);
            }
        }

        await cpus[id].EnableInterrupts(cpu);
    }

    private void Check(Cpu cpu, int id, ulong entry)
    {
        ulong other = tlb[1 - id].Peek;
        if (other != 0 && other != entry)
        {
            cpu.Fail(
                BreakBeforeMake, $"cpu{id} translates gfn 1 to pfn {entry >> PfnShift} while cpu{1 - id} translates it to pfn {other >> PfnShift}",
                $"cpu{1 - id} has pfn {other >> PfnShift}");
        }
    }
}
