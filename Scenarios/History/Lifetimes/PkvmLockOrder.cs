using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>The first run of a protected VM's vCPU creates the VM at the hypervisor, while somebody locks all vCPUs (Z59).</summary>
/// <remarks>
/// Mirrors: kvm_vcpu_ioctl(), pkvm_create_hyp_vm(), arch/arm64/kvm/pkvm.c, lock_all_vcpus(), before and after "KVM: arm64: Fix circular locking dependency"
/// (v6.8): vcpu->mutex is taken inside kvm->lock, never around it.
/// </remarks>
/// <param name="isBefore">Whether the code is that before the fix.</param>
internal sealed class PkvmLockOrder(bool isBefore) : LifetimeRace(
    "pkvm-lock-order", "a protected VM's first run creates it at the hypervisor while somebody locks all vCPUs", "10c02aad111d", MachineInvariants.LockDiscipline, isBefore, preemptions: 0)
{
    /// <inheritdoc/>
    protected override void Cast(Stage stage)
    {
        var kvmLock = new Mutex(stage.Machine, LifetimeLocks.KvmLock);
        var vcpuMutex = new Mutex(stage.Machine, LifetimeLocks.VcpuMutex);
        var configLock = new Mutex(stage.Machine, LifetimeLocks.ConfigLock);
        Word handle = stage.Machine.Memory.Allocate("kvm", "pkvm.handle")[0];
        AddThread(stage, "vcpu0", cpu => Run(cpu, vcpuMutex, IsBefore ? kvmLock : configLock, handle));
        AddThread(stage, "vgic", cpu => LockAllVcpus(cpu, kvmLock, vcpuMutex, configLock));
    }

    // kvm_vcpu_ioctl(KVM_RUN), kvm_arch_vcpu_run_pid_change(), pkvm_create_hyp_vm(): the handle is guarded by kvm->lock before the fix, by config_lock after.
    private static async Coroutine Run(Cpu cpu, Mutex vcpuMutex, Mutex guard, Word handle)
    {
        cpu.Log($"kvm_vcpu_ioctl(KVM_RUN)");
        await cpu.Lock(vcpuMutex);
        cpu.Log($"  pkvm_create_hyp_vm()");
        await cpu.Lock(guard);
        if (cpu.Read(handle) == 0)
        {
            cpu.Write(handle, 1);
        }

        await cpu.Unlock(guard);
        await cpu.Unlock(vcpuMutex);
    }

    // vgic_v3_attr_regs_access() and others: kvm->lock, then every vcpu->mutex, then config_lock.
    private static async Coroutine LockAllVcpus(Cpu cpu, Mutex kvmLock, Mutex vcpuMutex, Mutex configLock)
    {
        await cpu.Lock(kvmLock);
        cpu.Log($"lock_all_vcpus()");
        await cpu.Lock(vcpuMutex);
        await cpu.Lock(configLock);
        await cpu.Unlock(configLock);
        await cpu.Unlock(vcpuMutex);
        await cpu.Unlock(kvmLock);
    }
}
