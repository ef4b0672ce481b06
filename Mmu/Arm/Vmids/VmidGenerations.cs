namespace MmuStress.Mmu;

/// <summary>VMIDs as ARM gave them from 2012 to 2021: one after the other, and all anew when they run out.</summary>
/// <remarks>
/// <para>
/// <b>Guarantee.</b> No two VMs have TLB entries under one VMID. A VM's VMID is good while its generation is the current one. Who begins a new
/// generation has every CPU leave its guest, and empties all TLBs, under a lock that a vCPU needs to enter with an older one.
/// </para>
/// Mirrors: kvm_vmid_gen, kvm_next_vmid, kvm_vmid_lock, need_new_vmid_gen(), update_vttbr(), force_vm_exit(), arch/arm/kvm/arm.c (v3.18).
/// Differs: a VMID has as many bits as <see cref="KvmParameters.VpidBits"/> says.
/// Locking: kvm_vmid_lock to change anything; looked at without it.
/// </remarks>
public class VmidGenerations
{
    private const int GenerationField = 0;
    private const int NextField = 1;

    private static readonly LockClass LockClass = new("kvm_vmid_lock", maySleep: false);
    private static readonly string[] Fields = ["kvm_vmid_gen", "kvm_next_vmid"];

    private readonly Host host;
    private readonly Block block;
    private readonly SpinLock vmidLock;
    private readonly ulong mask;

    /// <summary>No VMID is given yet.</summary>
    /// <param name="host">Whose CPUs have the TLBs.</param>
    public VmidGenerations(Host host)
    {
        this.host = host;
        block = host.Machine.Memory.Allocate("vmids", Fields);
        block[GenerationField].Initialise(1);
        vmidLock = new SpinLock(host.Machine, LockClass);
        mask = (1UL << host.TagBits) - 1;
    }

    /// <summary>kvm_vmid_gen: the current generation.</summary>
    public Word Generation => block[GenerationField];

    private Word Next => block[NextField];

    /// <summary>need_new_vmid_gen().</summary>
    /// <param name="cpu">The vCPU's thread.</param>
    /// <param name="vmid">The VM's VMID.</param>
    /// <returns>Whether it is of an earlier generation.</returns>
    public async Coroutine<bool> NeedNewVmidGen(Cpu cpu, Vmid vmid)
    {
        ulong mine = await cpu.ReadOnce(vmid.Generation);
        return mine != await cpu.ReadOnce(Generation);
    }

    /// <summary>update_vttbr(): gives the VM a VMID of the current generation, and its vCPUs the VTTBR with it.</summary>
    /// <param name="cpu">The vCPU's thread; interrupts on.</param>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="vmid">Its VM's VMID.</param>
    /// <returns>When it has one.</returns>
    public async Coroutine UpdateVttbr(Cpu cpu, Vcpu vcpu, Vmid vmid)
    {
        if (!await NeedNewVmidGen(cpu, vmid))
        {
            return;
        }

        await cpu.Lock(vmidLock);

        // Another vCPU may already have allocated a valid VMID for this VM; use the same.
        if (!await NeedNewVmidGen(cpu, vmid))
        {
            await cpu.Unlock(vmidLock);
            return;
        }

        // First user of a new VMID generation?
        if (cpu.Read(Next) == 0)
        {
            await cpu.AddReturn(Generation, 1);
            cpu.Write(Next, 1);

            // No other CPU can use this CPU's or each other's VMID after force_vm_exit() returns, since kvm_vmid_lock blocks them from re-entry.
            await ForceVmExit(cpu, vcpu.HostCpu);

            // Now broadcast TLB invalidation to make sure all data structures are clean.
            await ArmMmu.BroadcastTlbiOfAll(cpu, host);
        }

        await Store(cpu, vmid, await cpu.ReadOnce(Generation), cpu.Read(Next));
        cpu.Write(Next, (cpu.Read(Next) + 1) & mask);
        await cpu.Unlock(vmidLock);
    }

    /// <summary>The end of update_vttbr(): the generation, then the VMID and VTTBR, as in v3.18; nobody else may see the first without the others.</summary>
    /// <param name="cpu">The vCPU's thread; holds kvm_vmid_lock.</param>
    /// <param name="vmid">The VM's VMID.</param>
    /// <param name="generation">Its generation.</param>
    /// <param name="number">The VMID itself.</param>
    /// <returns>When it is stored.</returns>
    protected virtual async Coroutine Store(Cpu cpu, Vmid vmid, ulong generation, ulong number)
    {
        await cpu.WriteOnce(vmid.Generation, generation);
        cpu.Log($"  kvm->arch.vmid => {number}");
        await cpu.WriteOnce(vmid.Vttbr, number);
    }

    // smp_call_function_many(cpu_all_mask, exit_vm_noop, NULL, true): everybody but this CPU.
    private async Coroutine ForceVmExit(Cpu cpu, HostCpu self)
    {
        foreach (HostCpu target in host.Cpus)
        {
            if (!ReferenceEquals(target, self))
            {
                await target.Interrupts.Interrupt(cpu, wait: true);
            }
        }
    }
}
