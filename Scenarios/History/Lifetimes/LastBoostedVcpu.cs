using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>Two vCPUs spin and look for one to yield to (Z60).</summary>
/// <remarks>
/// Mirrors: kvm_vcpu_on_spin(), virt/kvm/kvm_main.c, before and after "KVM: Fix a data race on last_boosted_vcpu in kvm_vcpu_on_spin()" (v6.10): a plain int that
/// every vCPU reads and writes. A store that is torn gives an index that was never stored, beyond all vCPUs.
/// Differs: yielding is nothing; the search is for the next one.
/// </remarks>
/// <param name="isBefore">Whether the code is that before the fix.</param>
internal sealed class LastBoostedVcpu(bool isBefore) : LifetimeRace(
    "last-boosted-vcpu", "two vCPUs spin and look for one to yield to", "49f683b41f28", MachineInvariants.NoDataRace, isBefore, preemptions: 0)
{
    private const ulong Vcpus = 2;

    /// <inheritdoc/>
    protected override void Cast(Stage stage)
    {
        Word last = stage.Machine.Memory.Allocate("kvm", "kvm->last_boosted_vcpu")[0];
        for (int id = 0; id < (int)Vcpus; id++)
        {
            AddThread(stage, Names.Vcpu(id), IsBefore ? cpu => OnSpinBefore(cpu, last) : cpu => OnSpin(cpu, last));
        }
    }

    private static async Coroutine OnSpinBefore(Cpu cpu, Word last)
    {
        ulong next = Next(cpu, cpu.Read(last));
        await cpu.CondResched(); // kvm_vcpu_yield_to()
        cpu.Write(last, next);
    }

    private static async Coroutine OnSpin(Cpu cpu, Word last)
    {
        ulong next = Next(cpu, await cpu.ReadOnce(last));
        await cpu.CondResched(); // kvm_vcpu_yield_to()
        await cpu.WriteOnce(last, next);
    }

    private static ulong Next(Cpu cpu, ulong last)
    {
        cpu.Log($"kvm_vcpu_on_spin()  last_boosted_vcpu => {last}");
        return (last + 1) % Vcpus;
    }
}
