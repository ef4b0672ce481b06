using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>Z51: a CPU goes offline and comes back; its ASID generation begins anew, so that an ASID of before looks current, which somebody else gets.</summary>
/// <remarks>
/// I10: no guest reads through another guest's TLB entry.
/// Mirrors: svm_enable_virtualization_cpu(), pre_svm_run(), new_asid(), arch/x86/kvm/svm/svm.c (v6.18 and later).
/// Differs: one CPU and one address. ASIDs 1 and 2. The scheduler keeps vCPUs off the CPU while it is offline.
/// </remarks>
internal sealed class AsidHotplug
{
    private const string VmidUnique = VmidHost.VmidUnique;
    private const ulong MinAsid = 1;
    private const ulong MaxAsid = 2;
    private const int OwnerBits = 4;

    private static readonly LockClass RunQueue = new("rq->lock", maySleep: false);
    private static readonly string[] Fields = ["asid_generation", "next_asid", "TLB"];
    private static readonly string[] VmcbFields = ["vmcb0 asid_generation", "vmcb0 asid", "vmcb1 asid_generation", "vmcb1 asid"];

    private readonly SpinLock runQueue;
    private readonly Block sd; // struct svm_cpu_data
    private readonly Block vmcbs;
    private readonly bool bumps;

    private AsidHotplug(Stage stage, bool bumps)
    {
        this.bumps = bumps;
        runQueue = new SpinLock(stage.Machine, RunQueue);
        sd = stage.Machine.Memory.Allocate("svm_cpu_data", Fields);
        vmcbs = stage.Machine.Memory.Allocate("vmcbs", VmcbFields);
        Enable(stage.Machine.SetupCpu);
        stage.Add(new Doer(Names.Vcpu(0), cpu => Run(cpu, 0)), Does.Twice);
        stage.Add(new Doer(Names.Vcpu(1), cpu => Run(cpu, 1)), Does.Once);
        stage.Add(new Doer("hotplug", Hotplug), Does.Once);
    }

    /// <summary>The code before the fix.</summary>
    public static SmallScenario Before { get; } = new(
        "asid-hotplug-before", "a CPU's ASID generation begins anew when it comes online", Expectation.Violated("", "25f744ffa0c8", VmidUnique),
        static stage => _ = new AsidHotplug(stage, bumps: false));

    /// <summary>The code after it.</summary>
    public static SmallScenario After { get; } = new(
        "asid-hotplug", "a CPU's ASID generation goes on when it comes online", Expectation.Held(""), static stage => _ = new AsidHotplug(stage, bumps: true));

    private Word Generation => sd[0];

    private Word NextAsid => sd[1];

    private Word Tlb => sd[2];

    // svm_enable_virtualization_cpu()
    private void Enable(Cpu cpu)
    {
        cpu.Write(Generation, bumps ? cpu.Read(Generation) + 1 : 1);
        cpu.Write(NextAsid, MaxAsid + 1);
        cpu.Write(Tlb, 0); // a CPU comes online without TLB entries
    }

    private async Coroutine Hotplug(Cpu cpu)
    {
        await cpu.Lock(runQueue);
        Enable(cpu);
        cpu.Log($"CPU offline, CPU online: asid_generation => {cpu.Read(Generation)}");
        await cpu.Unlock(runQueue);
    }

    // svm_vcpu_run(), one access by the guest. The lock is that nobody else is scheduled in meanwhile.
    private async Coroutine Run(Cpu cpu, int id)
    {
        await cpu.Lock(runQueue);
        PreSvmRun(cpu, vmcbs[2 * id], vmcbs[(2 * id) + 1]);
        ulong asid = cpu.Read(vmcbs[(2 * id) + 1]);
        ulong self = (ulong)id + 1;
        ulong owner = (cpu.Read(Tlb) >> (int)(asid * OwnerBits)) & ((1 << OwnerBits) - 1);
        cpu.Log($"VMRUN with ASID {asid}");
        if (owner == 0)
        {
            cpu.Write(Tlb, cpu.Read(Tlb) | (self << (int)(asid * OwnerBits)));
        }
        else if (owner != self)
        {
            cpu.Fail(VmidUnique, $"vcpu{id} reads a page of vcpu{owner - 1}'s VM through the TLB, under ASID {asid}", $"ASID {asid} is vcpu{owner - 1}'s");
        }

        await cpu.Unlock(runQueue);
    }

    // pre_svm_run()
    private void PreSvmRun(Cpu cpu, Word generation, Word asid)
    {
        if (cpu.Read(generation) != cpu.Read(Generation))
        {
            NewAsid(cpu, generation, asid);
        }
    }

    // new_asid()
    private void NewAsid(Cpu cpu, Word generation, Word asid)
    {
        if (cpu.Read(NextAsid) > MaxAsid)
        {
            cpu.Write(Generation, cpu.Read(Generation) + 1);
            cpu.Write(NextAsid, MinAsid);
            cpu.Write(Tlb, 0); // TLB_CONTROL_FLUSH_ALL_ASID
        }

        cpu.Write(generation, cpu.Read(Generation));
        cpu.Write(asid, cpu.Read(NextAsid));
        cpu.Write(NextAsid, cpu.Read(NextAsid) + 1);
        cpu.Log($"new_asid() => {cpu.Read(asid)}, generation {cpu.Read(generation)}");
    }
}
