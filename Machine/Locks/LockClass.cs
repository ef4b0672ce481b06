using System.Threading;
namespace MmuStress.Machine;

/// <summary>All locks that play one part, in the way of lockdep: lock order is a property of classes, not of instances.</summary>
public sealed class LockClass
{
    /// <summary>How many classes there can be.</summary>
    public const int Limit = 64;

    private static int count;

    /// <summary>A new class.</summary>
    /// <param name="name">The kernel's name of the lock: "mmu_lock".</param>
    /// <param name="maySleep">Whether a waiter sleeps, so that it must not be taken in atomic context.</param>
    /// <param name="isHeadline">Whether a race diagram shows who takes it, as soon as more than one does.</param>
    public LockClass(string name, bool maySleep, bool isHeadline = false)
    {
        IsHeadline = isHeadline;
        Name = name;
        MaySleep = maySleep;
        Id = Interlocked.Increment(ref count) - 1;
        Invariant.Holds(Id < Limit, "there are at most 64 classes of locks");
    }

    /// <summary>The kernel's name of the lock.</summary>
    public string Name { get; }

    /// <summary>Whether a waiter sleeps.</summary>
    public bool MaySleep { get; }

    /// <summary>Whether a race diagram shows who takes it.</summary>
    public bool IsHeadline { get; }

    internal int Id { get; }
}
