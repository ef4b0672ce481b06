using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>Z37: a MIPS guest writes its TLB on one CPU, and goes on on another that still has what it held before.</summary>
/// <remarks>
/// I2: after a guest has written its TLB, no CPU translates by what was in it before. 91e4f1b6073d drops the ASIDs that the vCPU has on other CPUs, where only
/// the TLB of the CPU it was on was invalidated.
/// Mirrors: kvm_mips_invalidate_guest_tlb(), arch/mips/kvm/emulate.c; kvm_arch_vcpu_load() (v4.9 and v4.10).
/// Differs: two CPUs, one entry in each one's TLB, and the thread moves whenever it may.
/// </remarks>
internal sealed class GuestTlbWrite
{
    private const string NoStaleTlb = nameof(NoStaleTlb);
    private const int Cpus = 2;

    private readonly bool dropsOthers;
    private readonly Block contexts; // cpu_context(cpu, &vcpu->arch.guest_kernel_mm): the ASID on each CPU; 0 for none
    private readonly Block tlbs; // page in the low half, ASID above
    private readonly Word guestTlb;
    private readonly Word asidCache;

    private GuestTlbWrite(Stage stage, bool dropsOthers)
    {
        this.dropsOthers = dropsOthers;
        contexts = stage.Machine.Memory.Allocate("cpu_context", Cpus, BlockKind.Static);
        tlbs = stage.Machine.Memory.Allocate("TLB", Cpus, BlockKind.Static);
        guestTlb = stage.Machine.Memory.Allocate("vcpu", "guest_tlb")[0];
        asidCache = stage.Machine.Memory.Allocate("asid_cache", 1, BlockKind.Static)[0];
        guestTlb.Initialise(1);
        stage.Add(new Doer(Names.Vcpu(0), Run), Does.Once);
    }

    /// <summary>The code before the fix.</summary>
    public static SmallScenario Before { get; } = new(
        "guest-tlb-write-before", "a guest's TLBWI invalidates the TLB of the CPU it is on", Expectation.Violated("", "91e4f1b6073d", NoStaleTlb).AfterPreemptions(0),
        static stage => _ = new GuestTlbWrite(stage, dropsOthers: false));

    /// <summary>The code after it.</summary>
    public static SmallScenario After { get; } = new(
        "guest-tlb-write", "a guest's TLBWI also drops the ASIDs that it has on other CPUs", Expectation.Held(""), static stage => _ = new GuestTlbWrite(stage, dropsOthers: true));

    // Three accesses, with a TLBWI before the second, each on any CPU.
    private async Coroutine Run(Cpu cpu)
    {
        await Access(cpu, (int)await cpu.Choose(Cpus));
        int writer = (int)await cpu.Choose(Cpus);
        TlbWriteIndexed(cpu, writer);
        await Access(cpu, writer);
        await Access(cpu, (int)await cpu.Choose(Cpus));
    }

    private async Coroutine Access(Cpu cpu, int id)
    {
        if (cpu.Read(contexts[id]) == 0)
        {
            cpu.Write(asidCache, cpu.Read(asidCache) + 1); // get_new_mmu_context()
            cpu.Write(contexts[id], cpu.Read(asidCache));
        }

        ulong asid = cpu.Read(contexts[id]);
        ulong entry = await cpu.ReadOnce(tlbs[id]);
        if (entry >> 32 != asid)
        {
            entry = (asid << 32) | cpu.Read(guestTlb);
            await cpu.WriteOnce(tlbs[id], entry);
        }

        ulong page = entry & uint.MaxValue;
        cpu.Log($"guest reads page {page} on cpu{id}");
        if (page != cpu.Read(guestTlb))
        {
            cpu.Fail(NoStaleTlb, $"cpu{id} translates to page {page}, which the guest has replaced by {cpu.Read(guestTlb)}", "stale: the guest wrote its TLB");
        }
    }

    // kvm_mips_emul_tlbwi(), kvm_mips_invalidate_guest_tlb()
    private void TlbWriteIndexed(Cpu cpu, int id)
    {
        cpu.Log($"kvm_mips_emul_tlbwi() on cpu{id}");
        cpu.Write(guestTlb, 2);
        cpu.Write(tlbs[id], 0); // kvm_mips_host_tlb_inv()
        for (int i = 0; dropsOthers && i < Cpus; i++)
        {
            if (i != id)
            {
                cpu.Write(contexts[i], 0);
            }
        }
    }
}
