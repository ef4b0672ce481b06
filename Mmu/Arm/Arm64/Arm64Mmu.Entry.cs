namespace MmuStress.Mmu;

/// <content>Loading a vCPU, entering and leaving the guest.</content>
public partial class Arm64Mmu
{
    /// <inheritdoc/>
    /// <remarks>
    /// Mirrors: kvm_arch_vcpu_load(), kvm_arch_vcpu_ioctl_run(), arch/arm64/kvm/arm.c (v6.16), with VHE.
    /// Differs: nothing is asked of vCPUs, so that no request is looked for.
    /// </remarks>
    public sealed override async Coroutine EnterGuest(Cpu cpu, Vcpu vcpu)
    {
        await vcpu.DisablePreemptionIfNeeded(cpu);
        HostCpu hostCpu = vcpu.HostCpu;
        bool isAlone = !vcpu.MayMigrate && !hostCpu.IsShared;
        if (!isAlone || vcpu.LoadedOn is null)
        {
            await VcpuLoad(cpu, vcpu, hostCpu);
            vcpu.LoadedOn = hostCpu;
        }

        hostCpu.TakeInvalidations(await hostCpu.Interrupts.DisableInterrupts(cpu));
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_arch_vcpu_put().</remarks>
    public sealed override async Coroutine LeaveGuest(Cpu cpu, Vcpu vcpu)
    {
        HostCpu hostCpu = vcpu.HostCpu;
        hostCpu.TakeInvalidations(await hostCpu.Interrupts.EnableInterrupts(cpu));
        if (vcpu.MayMigrate || hostCpu.IsShared)
        {
            await Vmids.ClearActive(cpu, hostCpu.Id);
        }

        await vcpu.EnablePreemptionIfNeeded(cpu);
    }

    // kvm_arch_vcpu_load(). Preemption is off.
    private async Coroutine VcpuLoad(Cpu cpu, Vcpu vcpu, HostCpu hostCpu)
    {
        // Ensure a VMID is allocated for the MMU before programming VTTBR_EL2, which happens eagerly in VHE.
        await Vmids.Update(cpu, hostCpu.Id, vmid);
        ulong idx = Vmids.Vmid2Idx(await cpu.ReadOnce(vmid));

        // We guarantee that both TLBs and I-cache are private to each vcpu.
        if (lastVcpuRan[hostCpu.Id] != vcpu.Id)
        {
            hostCpu.Tlb.FlushVmid(idx); // __kvm_flush_cpu_context()
            lastVcpuRan[hostCpu.Id] = vcpu.Id;
        }

        hostCpu.LoadVmid(idx);
    }
}
