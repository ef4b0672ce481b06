using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>Z31: two vCPUs of a VM take turns on a physical CPU, and have the same VMID; each maps an address to a page of its own.</summary>
/// <remarks>
/// A guest invalidates its own CPU's TLB only, as hardware lets it, where no other of its CPUs uses the address; it cannot know that another vCPU runs
/// on the same physical CPU. I2: a vCPU reads its own page.
/// Mirrors: kvm_arch_vcpu_load() and last_vcpu_ran, arch/arm/kvm/arm.c (v4.9).
/// Differs: one address. A vCPU's stage-1 table is one word that only it uses.
/// </remarks>
internal sealed class SharedVmidOfVcpus
{
    private const string NoStaleTlb = nameof(NoStaleTlb);
    private static readonly LockClass RunQueue = new("rq->lock", maySleep: false);
    private static readonly string[] Fields = ["TLB", "last_vcpu_ran"];

    private readonly SpinLock runQueue;
    private readonly Block block;
    private readonly bool flushes;

    private SharedVmidOfVcpus(Stage stage, bool flushes)
    {
        this.flushes = flushes;
        runQueue = new SpinLock(stage.Machine, RunQueue);
        block = stage.Machine.Memory.Allocate("cpu", Fields);
        stage.Add(new Doer(Names.Vcpu(0), cpu => Run(cpu, 0)), Does.Twice);
        stage.Add(new Doer(Names.Vcpu(1), cpu => Run(cpu, 1)), Does.Once);
    }

    /// <summary>The code before the fix.</summary>
    public static SmallScenario Before { get; } = new(
        "shared-vmid-before", "two vCPUs of a VM share a physical CPU, and its TLB entries", Expectation.Violated("", "94d0e5980d67", NoStaleTlb).AfterPreemptions(0),
        static stage => _ = new SharedVmidOfVcpus(stage, flushes: false));

    /// <summary>The code after it.</summary>
    public static SmallScenario After { get; } = new(
        "shared-vmid", "the TLB is flushed when another vCPU of the VM is loaded", Expectation.Held(""), static stage => _ = new SharedVmidOfVcpus(stage, flushes: true));

    private Word Tlb => block[0];

    private Word LastVcpuRan => block[1];

    // kvm_arch_vcpu_load(), one access by the guest, kvm_arch_vcpu_put(). The lock is that nobody else is scheduled in meanwhile.
    private async Coroutine Run(Cpu cpu, int vcpuId)
    {
        await cpu.Lock(runQueue);
        cpu.Log($"kvm_arch_vcpu_load()");
        ulong self = (ulong)vcpuId + 1;
        if (flushes && cpu.Read(LastVcpuRan) != self)
        {
            cpu.Log($"__kvm_tlb_flush_local_vmid()");
            cpu.Write(Tlb, 0);
            cpu.Write(LastVcpuRan, self);
        }

        ulong translation = cpu.Read(Tlb);
        if (translation == 0)
        {
            translation = self;
            cpu.Write(Tlb, translation);
            cpu.Log($"TLB refill(va 1) => page of vcpu{translation - 1}");
        }

        cpu.Log($"guest reads va 1: page of vcpu{translation - 1}");
        if (translation != self)
        {
            cpu.Fail(NoStaleTlb, $"vcpu{vcpuId} reads vcpu{translation - 1}'s page, which the TLB still has under their VMID", $"vcpu{translation - 1}'s page");
        }

        await cpu.Unlock(runQueue);
    }
}
