using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>A notification looks at the VNCR pseudo-TLB of a vCPU that is online and has none yet (Z50, the second commit).</summary>
/// <remarks>
/// Mirrors: invalidate_vncr_va() over kvm_for_each_vcpu(), kvm_vm_ioctl_create_vcpu() and kvm_vcpu_init_nested(), arch/arm64/kvm/nested.c, before and after
/// "KVM: arm64: nv: Avoid dereferencing NULL VNCR pseudo-TLB" (4be6cbeb93d2). A vCPU is online as soon as it is created, and gets its pseudo-TLB when it is initialised.
/// Differs: a pointer is a word that is 0 or 1; following a null pointer is an exception.
/// </remarks>
/// <param name="isBefore">Whether the code is that before the fix.</param>
internal sealed class VncrNotifierVsInit(bool isBefore) : LifetimeRace(
    "vncr-notifier-vs-init", "a notification looks at the pseudo-TLB of a vCPU that is being made", "4be6cbeb93d2", MachineInvariants.NoException, isBefore)
{
    private static readonly string[] Fields = ["kvm->online_vcpus", "vcpu->arch.vncr_tlb"];

    /// <inheritdoc/>
    protected override void Cast(Stage stage)
    {
        Block kvm = stage.Machine.Memory.Allocate("kvm", Fields);
        Block vncrTlb = stage.Machine.Memory.Allocate("vncr_tlb", "vncr_tlb->valid");
        var mmuLock = new SpinLock(stage.Machine, LifetimeLocks.MmuLock);
        AddThread(stage, "vcpu0", cpu => Create(cpu, kvm));
        AddThread(stage, "notifier0", cpu => Unmap(cpu, mmuLock, kvm, vncrTlb, IsBefore ? InvalidateBefore : Invalidate));
    }

    private static async Coroutine Create(Cpu cpu, Block kvm)
    {
        cpu.Log($"kvm_vm_ioctl_create_vcpu()");
        await cpu.StoreRelease(kvm[0], 1);
        cpu.Log($"kvm_vcpu_init_nested()");
        await cpu.StoreRelease(kvm[1], 1);
    }

    private static async Coroutine Unmap(Cpu cpu, SpinLock mmuLock, Block kvm, Block vncrTlb, Func<Cpu, Block?, Coroutine> invalidate)
    {
        cpu.Log($"kvm_unmap_gfn_range()");
        await cpu.Lock(mmuLock);
        if (await cpu.LoadAcquire(kvm[0]) != 0)
        {
            Block? vt = await cpu.LoadAcquire(kvm[1]) != 0 ? vncrTlb : null;
            cpu.Log($"  vt = vcpu->arch.vncr_tlb => {(vt is null ? "NULL" : "vncr_tlb")}");
            await invalidate(cpu, vt);
        }

        await cpu.Unlock(mmuLock);
    }

    // The body of kvm_invalidate_vncr_ipa()'s loop before the fix.
    private static async Coroutine InvalidateBefore(Cpu cpu, Block? vt) => await cpu.WriteOnce(vt![0], 0);

    // The body of kvm_invalidate_vncr_ipa()'s loop: "the vCPU may not have been initialised yet".
    private static async Coroutine Invalidate(Cpu cpu, Block? vt)
    {
        if (vt is not null)
        {
            await cpu.WriteOnce(vt[0], 0);
        }
    }
}
