namespace MmuStress.Mmu;

/// <summary>ARM's MMUs from 2012 to 2021: VMIDs by generations.</summary>
/// <remarks>
/// Mirrors: kvm_arch_init_vm(), kvm_arch_vcpu_create(), kvm_arch_vcpu_ioctl_run(), arch/arm/kvm/arm.c (v3.18), as far as it concerns VMIDs and the
/// hypervisor's mappings.
/// </remarks>
public abstract class VttbrArm : ArmMmu
{
    private readonly Vmid vmid;
    private VmidGenerations? vmids;

    /// <summary>The MMU of <paramref name="kvm"/>.</summary>
    /// <param name="kvm">The VM.</param>
    /// <param name="name">What users call it.</param>
    /// <param name="geometry">The shape of the tables that the hardware walks.</param>
    private protected VttbrArm(Kvm kvm, string name, PageTableGeometry geometry)
        : base(kvm, name, geometry)
    {
        vmid = new Vmid(Memory);
        Tables.FailAfter = kvm.Parameters.TablePagesBeforeFailure;
    }

    /// <summary>What kvm_arch_init_vm() returned: 0, or -ENOMEM, with which nothing is left of the VM's tables and nothing else may be done with it.</summary>
    public int InitError { get; private set; }

    /// <summary>The hypervisor's page table; null without <see cref="KvmParameters.HasHypMappings"/>.</summary>
    public HypMappings? Hyp => Kvm.Parameters.HasHypMappings ? Kvm.Host.StaticsOf(NewHypMappings) : null;

    /// <summary>The kernel's own levels, which the hypervisor's table has.</summary>
    private protected abstract PageTableGeometry KernelGeometry { get; }

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

    /// <inheritdoc/>
    /// <remarks>Mirrors: create_hyp_mappings(vcpu, vcpu + 1) and what is undone when it fails.</remarks>
    public sealed override int VcpuCreate(Vcpu vcpu) => MapInHyp();

    /// <summary>kvm_arch_init_vm(): the top-level table, and the VM in the hypervisor's.</summary>
    private protected void InitVm()
    {
        InitError = AllocStage2Pgd();
        if (InitError == 0)
        {
            InitError = MapInHyp();
            if (InitError != 0)
            {
                DestroyMm(Kvm.Machine.SetupCpu).GetResult(); // out_free_stage2_pgd
            }
        }
    }

    /// <summary>kvm_alloc_stage2_pgd().</summary>
    /// <returns>0, -EINVAL where there is one, or -ENOMEM.</returns>
    private protected abstract int AllocStage2Pgd();

    private int MapInHyp() => Hyp is { } hyp ? hyp.Create(Kvm.Machine.SetupCpu, Kvm.Host.NextKernelPage(), 1).GetResult() : 0;

    private HypMappings NewHypMappings(Host host) => new(host.Machine, KernelGeometry.Levels, KernelGeometry.EntriesPerTable, Tables);

    /// <summary>kvm_vmid_gen and its like, made for the first VM of a host.</summary>
    /// <param name="host">The host.</param>
    /// <returns>The scheme.</returns>
    private protected virtual VmidGenerations NewVmids(Host host) => new(host);

    /// <summary>kvm_call_hyp(__kvm_tlb_flush_vmid, kvm): loads the VM's VTTBR, invalidates by its VMID, waits.</summary>
    /// <param name="cpu">The caller.</param>
    /// <returns>When no CPU uses an old translation.</returns>
    private protected async Coroutine TlbiVmid(Cpu cpu) => await BroadcastTlbi(cpu, Kvm.Host, await cpu.ReadOnce(vmid.Vttbr));
}
