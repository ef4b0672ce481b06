using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>The classes of the locks that these races are about.</summary>
internal static class LifetimeLocks
{
    public static readonly LockClass SlotsLock = new("slots_lock", maySleep: true, isHeadline: true);
    public static readonly LockClass FilemapInvalidateLock = new("invalidate_lock", maySleep: true);
    public static readonly LockClass SpinLock = new("lock", maySleep: false);
    public static readonly LockClass KvmLock = new("kvm->lock", maySleep: true, isHeadline: true);
    public static readonly LockClass VcpuMutex = new("vcpu->mutex", maySleep: true, isHeadline: true);
    public static readonly LockClass ConfigLock = new("config_lock", maySleep: true, isHeadline: true);
    public static readonly LockClass MmuLock = new("mmu_lock", maySleep: false, isHeadline: true);
}
