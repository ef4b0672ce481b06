namespace MmuStress.Machine.Tests;

/// <summary>The classes of the tests' locks; a process can have 64.</summary>
internal static class LockClasses
{
    public static readonly LockClass Outer = new("outer_lock", maySleep: false);
    public static readonly LockClass Middle = new("middle_lock", maySleep: false);
    public static readonly LockClass Inner = new("inner_lock", maySleep: false);
    public static readonly LockClass Sleeping = new("slots_lock", maySleep: true);
    public static readonly LockClass Semaphore = new("mmap_lock", maySleep: true);
}
