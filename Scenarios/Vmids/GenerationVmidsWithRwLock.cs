using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>Since f0cf47d939d0: update_vttbr() checks the generation under kvm_vmid_lock, held for read. The check before the entry still does not.</summary>
/// <remarks>Mirrors: update_vttbr(), virt/kvm/arm/arm.c (v4.17).</remarks>
/// <param name="machine">The machine.</param>
/// <param name="host">The hardware.</param>
internal sealed class GenerationVmidsWithRwLock(Multiprocessor machine, VmidHost host) : GenerationVmids(machine, host)
{
    /// <inheritdoc/>
    protected override async Coroutine UpdateVttbr(Cpu cpu, int thisCpu, int vm)
    {
        await cpu.ReadLock(VmidLock);
        bool newGen = await NeedNewVmidGen(cpu, vm);
        await cpu.ReadUnlock(VmidLock);
        if (!newGen)
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
        await cpu.WriteOnce(VmidGen(vm), await cpu.ReadOnce(Generation));
        ulong vmid = TakeNext(cpu);
        await cpu.WriteOnce(Vttbr(vm), vmid);
        cpu.Log($"update_vttbr(vm{vm}) => VMID {vmid}");
        await cpu.Unlock(VmidLock);
    }
}
