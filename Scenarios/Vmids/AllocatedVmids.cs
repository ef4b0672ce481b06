using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>VMIDs by arm64's allocator: attached in kvm_arch_vcpu_load(), before VTTBR_EL2 is programmed.</summary>
/// <remarks>Mirrors: kvm_arch_vcpu_load(), kvm_arch_vcpu_put(), arch/arm64/kvm/arm.c since fa808ed4e199, with VHE.</remarks>
internal class AllocatedVmids : VmidScheme
{
    private readonly Block ids;

    /// <summary>No VM has a VMID.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="host">The hardware.</param>
    /// <param name="cpus">How many physical CPUs there are.</param>
    public AllocatedVmids(Multiprocessor machine, VmidHost host, int cpus)
    {
        Host = host;
        Allocator = new VmidAllocator(machine, cpus, VmidHost.VmidBits, host.FlushVmContext);
        ids = machine.Memory.Allocate("kvm_vmid->id", VmidScenario.Vms, BlockKind.Static);
    }

    /// <summary>The allocator.</summary>
    public VmidAllocator Allocator { get; }

    /// <summary>The hardware.</summary>
    protected VmidHost Host { get; }

    /// <inheritdoc/>
    public override async Coroutine RunVcpu(Cpu cpu, int thisCpu, int vm)
    {
        // kvm_arch_vcpu_load()
        await Allocator.Update(cpu, thisCpu, Id(vm));
        ulong vttbr = await LoadStage2(cpu, vm);

        // kvm_arch_vcpu_ioctl_run()
        await Host.RunGuest(cpu, thisCpu, vm, vttbr);

        // kvm_arch_vcpu_put()
        await Allocator.ClearActive(cpu, thisCpu);
    }

    /// <summary>kvm_vmid->id of a VM.</summary>
    /// <param name="vm">The VM's number.</param>
    /// <returns>The word.</returns>
    protected Word Id(int vm) => ids[vm];

    /// <summary>__load_stage2(): kvm_get_vttbr() as it is now.</summary>
    /// <param name="cpu">The thread.</param>
    /// <param name="vm">The VM's number.</param>
    /// <returns>The VMID in VTTBR_EL2.</returns>
    protected async Coroutine<ulong> LoadStage2(Cpu cpu, int vm) => Allocator.Vmid2Idx(await cpu.ReadOnce(Id(vm)));
}
