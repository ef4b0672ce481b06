using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>VMIDs by generations, one after the other: the check of the generation is all that an entry without the lock makes.</summary>
/// <remarks>
/// What was wrong for six years: the generation was stored before the VTTBR, so that a second vCPU of the VM saw that all was well, and
/// entered with the VTTBR of before.
/// Mirrors: need_new_vmid_gen(), update_vttbr(), kvm_arch_vcpu_ioctl_run(), arch/arm/kvm/arm.c (v3.18). <see cref="UpdateVttbr"/> and
/// <see cref="NeedNewVmidGen"/> are overridden where commits changed them.
/// Differs: accesses that the kernel makes plainly without a lock are marked.
/// </remarks>
internal class GenerationVmids : VmidScheme
{
    private const int GenerationField = 0;
    private const int NextField = 1;

    private static readonly LockClass LockClass = new("kvm_vmid_lock", maySleep: false, isHeadline: true);
    private static readonly string[] Statics = ["kvm_vmid_gen", "kvm_next_vmid"];
    private static readonly string[][] Fields =
        [.. Enumerable.Range(0, VmidScenario.Vms).Select(vm => (string[])[$"vmid_gen of vm{vm}", $"vttbr of vm{vm}"])];

    private readonly VmidHost host;
    private readonly Block statics;
    private readonly Block[] vms;

    /// <summary>No VM has a VMID.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="host">The hardware.</param>
    public GenerationVmids(Multiprocessor machine, VmidHost host)
    {
        this.host = host;
        statics = machine.Memory.Allocate("vmids", Statics);
        Generation.Initialise(1);
        Next.Initialise(1);
        VmidLock = new RwLock(machine, LockClass);
        vms = new Block[VmidScenario.Vms];
        for (int i = 0; i < vms.Length; i++)
        {
            vms[i] = machine.Memory.Allocate("kvm->arch", Fields[i]);
        }
    }

    /// <summary>kvm_vmid_gen.</summary>
    protected Word Generation => statics[GenerationField];

    /// <summary>kvm_next_vmid; 0 when they have run out.</summary>
    protected Word Next => statics[NextField];

    /// <summary>kvm_vmid_lock: a spinlock but for some months of 2018, when it was an rwlock.</summary>
    protected RwLock VmidLock { get; }

    /// <inheritdoc/>
    public sealed override async Coroutine RunVcpu(Cpu cpu, int thisCpu, int vm)
    {
        while (true)
        {
            await UpdateVttbr(cpu, thisCpu, vm);
            await host.Interrupts[thisCpu].DisableInterrupts(cpu);

            // Re-check atomic conditions.
            if (!await NeedNewVmidGen(cpu, vm))
            {
                break;
            }

            await host.Interrupts[thisCpu].EnableInterrupts(cpu);
        }

        await host.RunGuest(cpu, thisCpu, vm, await cpu.ReadOnce(Vttbr(vm)));
        await host.Interrupts[thisCpu].EnableInterrupts(cpu);
    }

    /// <summary>kvm->arch.vmid_gen.</summary>
    /// <param name="vm">The VM's number.</param>
    /// <returns>The word.</returns>
    protected Word VmidGen(int vm) => vms[vm][0];

    /// <summary>kvm->arch.vttbr, the part that holds the VMID.</summary>
    /// <param name="vm">The VM's number.</param>
    /// <returns>The word.</returns>
    protected Word Vttbr(int vm) => vms[vm][1];

    /// <summary>need_new_vmid_gen().</summary>
    /// <param name="cpu">The thread.</param>
    /// <param name="vm">The VM's number.</param>
    /// <returns>Whether the VM's VMID is of an earlier generation.</returns>
    protected virtual async Coroutine<bool> NeedNewVmidGen(Cpu cpu, int vm)
    {
        ulong vmidGen = await cpu.ReadOnce(VmidGen(vm));
        ulong currentVmidGen = await cpu.ReadOnce(Generation);
        LogNeed(cpu, vm, vmidGen != currentVmidGen);
        return vmidGen != currentVmidGen;
    }

    /// <summary>update_vttbr().</summary>
    /// <param name="cpu">The thread; interrupts on.</param>
    /// <param name="thisCpu">The physical CPU it is on.</param>
    /// <param name="vm">The VM's number.</param>
    /// <returns>When the VM had a VMID of the current generation.</returns>
    protected virtual async Coroutine UpdateVttbr(Cpu cpu, int thisCpu, int vm)
    {
        if (!await NeedNewVmidGen(cpu, vm))
        {
            return;
        }

        await cpu.Lock(VmidLock);

        // If another vcpu already allocated a valid vmid for this vm, then this vcpu should use the same vmid.
        if (!await NeedNewVmidGen(cpu, vm))
        {
            await cpu.Unlock(VmidLock);
            return;
        }

        await BeginGenerationIfNeeded(cpu, thisCpu);
        await cpu.WriteOnce(VmidGen(vm), await cpu.ReadOnce(Generation));
        ulong vmid = TakeNext(cpu);
        await cpu.WriteOnce(Vttbr(vm), vmid);
        cpu.Log($"update_vttbr(vm{vm}) => VMID {vmid}");
        await cpu.Unlock(VmidLock);
    }

    /// <summary>Says what need_new_vmid_gen() answers.</summary>
    /// <param name="cpu">The thread.</param>
    /// <param name="vm">The VM's number.</param>
    /// <param name="isNeeded">The answer.</param>
    protected static void LogNeed(Cpu cpu, int vm, bool isNeeded) => cpu.Log($"need_new_vmid_gen(vm{vm}) => {(isNeeded ? "yes" : "no")}");

    /// <summary>The part of update_vttbr() for the first user of a new VMID generation.</summary>
    /// <param name="cpu">The thread; holds kvm_vmid_lock.</param>
    /// <param name="thisCpu">The physical CPU it is on.</param>
    /// <returns>When there is a VMID to give.</returns>
    protected async Coroutine BeginGenerationIfNeeded(Cpu cpu, int thisCpu)
    {
        if (cpu.Read(Next) == 0)
        {
            cpu.Log($"update_vttbr(): first user of a new VMID generation");
            await cpu.AddReturn(Generation, 1);
            cpu.Write(Next, 1);
            await host.ForceVmExit(cpu, thisCpu);
            await host.FlushVmContext(cpu);
        }
    }

    /// <summary>Takes kvm_next_vmid and counts it up.</summary>
    /// <param name="cpu">The thread; holds kvm_vmid_lock.</param>
    /// <returns>The VMID.</returns>
    protected ulong TakeNext(Cpu cpu)
    {
        ulong vmid = cpu.Read(Next);
        cpu.Write(Next, (vmid + 1) & ((1UL << VmidHost.VmidBits) - 1));
        return vmid;
    }
}
