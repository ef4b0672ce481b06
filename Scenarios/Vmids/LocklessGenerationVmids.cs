using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>Since fb544d1ca65a: the VTTBR is stored before the generation, with a write barrier between, so that no check needs the lock.</summary>
/// <remarks>
/// Mirrors: need_new_vmid_gen(), update_vttbr(), virt/kvm/arm/arm.c (v5.0).
/// Differs: the entry's exception, which ends speculation after a branch, is a read barrier.
/// </remarks>
/// <param name="machine">The machine.</param>
/// <param name="host">The hardware.</param>
/// <param name="withoutWmb">Whether smp_wmb() is left out.</param>
internal sealed class LocklessGenerationVmids(Multiprocessor machine, VmidHost host, bool withoutWmb) : GenerationVmids(machine, host)
{
    /// <inheritdoc/>
    protected override async Coroutine<bool> NeedNewVmidGen(Cpu cpu, int vm)
    {
        ulong currentVmidGen = await cpu.ReadOnce(Generation);
        await cpu.Rmb(); // orders read of kvm_vmid_gen and kvm->arch.vmid
        ulong vmidGen = await cpu.ReadOnce(VmidGen(vm));
        await cpu.Rmb();
        LogNeed(cpu, vm, vmidGen != currentVmidGen);
        return vmidGen != currentVmidGen;
    }

    /// <inheritdoc/>
    protected override async Coroutine UpdateVttbr(Cpu cpu, int thisCpu, int vm)
    {
        if (!await NeedNewVmidGen(cpu, vm))
        {
            return;
        }

        await cpu.Lock(VmidLock);
        if (!await NeedNewVmidGen(cpu, vm))
        {
            await cpu.Unlock(VmidLock);
            return;
        }

        await BeginGenerationIfNeeded(cpu, thisCpu);
        ulong vmid = TakeNext(cpu);
        await cpu.WriteOnce(Vttbr(vm), vmid);
        cpu.Log($"update_vttbr(vm{vm}) => VMID {vmid}");
        if (!withoutWmb)
        {
            await cpu.Wmb();
        }

        await cpu.WriteOnce(VmidGen(vm), await cpu.ReadOnce(Generation));
        await cpu.Unlock(VmidLock);
    }
}
