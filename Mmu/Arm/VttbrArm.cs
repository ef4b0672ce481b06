namespace MmuStress.Mmu;

/// <summary>ARM's MMUs from 2012 to 2021: VMIDs by generations.</summary>
/// <remarks>Mirrors: kvm_arch_vcpu_ioctl_run(), arch/arm/kvm/arm.c (v3.18), as far as it concerns VMIDs.</remarks>
public abstract class VttbrArm : ArmMmu
{
    private readonly Vmid vmid;
    private VmidGenerations? vmids;

    /// <summary>The MMU of <paramref name="kvm"/>.</summary>
    /// <param name="kvm">The VM.</param>
    /// <param name="name">What users call it.</param>
    /// <param name="geometry">The shape of the tables that the hardware walks.</param>
    private protected VttbrArm(Kvm kvm, string name, PageTableGeometry geometry)
        : base(kvm, name, geometry) => vmid = new Vmid(Memory);

    private VmidGenerations Vmids => vmids ??= Kvm.Host.StaticsOf(NewVmids);

    /// <inheritdoc/>
    public sealed override async Coroutine EnterGuest(Cpu cpu, Vcpu vcpu)
    {
        while (true)
        {
            await Vmids.UpdateVttbr(cpu, vcpu, vmid);
            await vcpu.DisablePreemptionIfNeeded(cpu);
            HostCpu hostCpu = vcpu.HostCpu;
            hostCpu.TakeInvalidations(await hostCpu.Interrupts.DisableInterrupts(cpu));
            if (!await Vmids.NeedNewVmidGen(cpu, vmid))
            {
                hostCpu.LoadVmid(await cpu.ReadOnce(vmid.Vttbr));
                return;
            }

            await LeaveGuest(cpu, vcpu);
        }
    }

    /// <summary>kvm_vmid_gen and its like, made for the first VM of a host.</summary>
    /// <param name="host">The host.</param>
    /// <returns>The scheme.</returns>
    private protected virtual VmidGenerations NewVmids(Host host) => new(host);

    /// <summary>kvm_call_hyp(__kvm_tlb_flush_vmid, kvm): loads the VM's VTTBR, invalidates by its VMID, waits.</summary>
    /// <param name="cpu">The caller.</param>
    /// <returns>When no CPU uses an old translation.</returns>
    private protected async Coroutine TlbiVmid(Cpu cpu) => await BroadcastTlbi(cpu, Kvm.Host, await cpu.ReadOnce(vmid.Vttbr));
}
