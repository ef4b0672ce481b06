using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>Virtualization is enabled on a host where a memslot changes, a vCPU is set up, a CPU is plugged and somebody turns the NX mitigation on (Z59, the second commit).</summary>
/// <remarks>
/// Mirrors: hardware_enable_all(), set_nx_huge_pages(), kvm_set_memory_region(), kvm_vcpu_ioctl(KVM_SET_MSRS) with its static key, and a CPU that comes online, before and after
/// "KVM: Use dedicated mutex to protect kvm_usage_count to avoid deadlock" (v6.12). kvm_lock is taken inside cpu_hotplug_lock, and slots_lock inside kvm_lock; who has
/// slots_lock waits for SRCU readers, and one of those may want cpu_hotplug_lock, behind whoever wants it for itself.
/// Differs: each thread does nothing but take its locks. Under tso and lkmm a wait may see an old value, and a grace period the count from before the reader, so that
/// nobody is stuck there.
/// </remarks>
/// <param name="isBefore">Whether the code is that before the fix.</param>
internal sealed class UsageCountDeadlock(bool isBefore) : LifetimeRace(
    "usage-count-deadlock", "virtualization is enabled while memslots, vCPUs, CPUs and a module parameter change", "44d174596260", MachineInvariants.NoDeadlock, isBefore, models: ["sc"])
{
    private static readonly LockClass CpuHotplugLock = new("cpu_hotplug_lock", maySleep: true, isHeadline: true);
    private static readonly LockClass GlobalKvmLock = new("kvm_lock", maySleep: true, isHeadline: true);
    private static readonly LockClass KvmUsageLock = new("kvm_usage_lock", maySleep: true, isHeadline: true);

    /// <inheritdoc/>
    protected override void Cast(Stage stage)
    {
        Multiprocessor machine = stage.Machine;
        var cpuHotplugLock = new RwSemaphore(machine, CpuHotplugLock);
        var kvmLock = new Mutex(machine, GlobalKvmLock);
        Mutex usageLock = IsBefore ? kvmLock : new Mutex(machine, KvmUsageLock);
        var slotsLock = new Mutex(machine, LifetimeLocks.SlotsLock);
        var srcu = new Srcu(machine);
        AddThread(stage, "vcpu0", cpu => SetApicBase(cpu, srcu, cpuHotplugLock));
        AddThread(stage, "memslots", cpu => SetMemoryRegion(cpu, slotsLock, srcu));
        AddThread(stage, "nx", cpu => SetNxHugePages(cpu, kvmLock, slotsLock));
        AddThread(stage, "creator", cpu => HardwareEnableAll(cpu, cpuHotplugLock, usageLock));
        AddThread(stage, "hotplug", cpu => CpuUp(cpu, cpuHotplugLock));
    }

    private static async Coroutine SetApicBase(Cpu cpu, Srcu srcu, RwSemaphore cpuHotplugLock)
    {
        cpu.Log($"kvm_vcpu_ioctl(KVM_SET_MSRS)");
        ulong index = await cpu.SrcuReadLock(srcu);
        cpu.Log($"  static_key_slow_inc(): cpus_read_lock()");
        await cpu.ReadLock(cpuHotplugLock);
        await cpu.ReadUnlock(cpuHotplugLock);
        await cpu.SrcuReadUnlock(srcu, index);
    }

    private static async Coroutine SetMemoryRegion(Cpu cpu, Mutex slotsLock, Srcu srcu)
    {
        cpu.Log($"kvm_set_memory_region()");
        await cpu.Lock(slotsLock);
        await cpu.SynchronizeSrcu(srcu);
        await cpu.Unlock(slotsLock);
    }

    private static async Coroutine SetNxHugePages(Cpu cpu, Mutex kvmLock, Mutex slotsLock)
    {
        cpu.Log($"set_nx_huge_pages()");
        await cpu.Lock(kvmLock);
        await cpu.Lock(slotsLock);
        await cpu.Unlock(slotsLock);
        await cpu.Unlock(kvmLock);
    }

    // kvm_lock before the fix, kvm_usage_lock after.
    private static async Coroutine HardwareEnableAll(Cpu cpu, RwSemaphore cpuHotplugLock, Mutex usageLock)
    {
        cpu.Log($"hardware_enable_all()");
        await cpu.ReadLock(cpuHotplugLock);
        await cpu.Lock(usageLock);
        await cpu.Unlock(usageLock);
        await cpu.ReadUnlock(cpuHotplugLock);
    }

    private static async Coroutine CpuUp(Cpu cpu, RwSemaphore cpuHotplugLock)
    {
        cpu.Log($"cpu_up(): cpus_write_lock()");
        await cpuHotplugLock.DownWrite(cpu);
        await cpu.Unlock(cpuHotplugLock);
    }
}
