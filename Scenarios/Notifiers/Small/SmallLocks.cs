using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>The classes of the locks of small scenarios about the host's side.</summary>
internal static class SmallLocks
{
    public static readonly LockClass MmuLock = new("mmu_lock", maySleep: false);
    public static readonly LockClass PageTableLock = new("page_table_lock", maySleep: false);
    public static readonly LockClass Rmap = new("rmap", maySleep: false);
    public static readonly LockClass MmapLock = new("mmap_lock", maySleep: true);
}
