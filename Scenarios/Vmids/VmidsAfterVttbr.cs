using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>The allocator as it was used before fa808ed4e199: VTTBR_EL2 is programmed in vcpu_load(), and again only by who attaches a VMID.</summary>
/// <remarks>Mirrors: kvm_arch_vcpu_load() and kvm_arch_vcpu_ioctl_run(), arch/arm64/kvm/arm.c (v6.13), with VHE.</remarks>
/// <param name="machine">The machine.</param>
/// <param name="host">The hardware.</param>
/// <param name="cpus">How many physical CPUs there are.</param>
internal sealed class VmidsAfterVttbr(Multiprocessor machine, VmidHost host, int cpus) : AllocatedVmids(machine, host, cpus)
{
    /// <inheritdoc/>
    public override async Coroutine RunVcpu(Cpu cpu, int thisCpu, int vm)
    {
        // kvm_arch_vcpu_load()
        ulong vttbr = await LoadStage2(cpu, vm);
        cpu.Log($"kvm_arch_vcpu_load(vm{vm}): VTTBR_EL2 with VMID {vttbr}");

        // kvm_arch_vcpu_ioctl_run()
        if (await Allocator.Update(cpu, thisCpu, Id(vm)))
        {
            vttbr = await LoadStage2(cpu, vm);
        }

        await Host.RunGuest(cpu, thisCpu, vm, vttbr);

        // kvm_arch_vcpu_put()
        await Allocator.ClearActive(cpu, thisCpu);
    }
}
