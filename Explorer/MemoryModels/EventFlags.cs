namespace MmuStress.Explorer;

/// <summary>How a read or write is annotated. One without any is plain.</summary>
/// <remarks>
/// Mirrors: the tags ONCE, ACQUIRE, RELEASE, MB and NORETURN of linux-kernel.bell. As there, a tag is what was written in the
/// source: Acquire on a write, Release on a read and Mb on an operation that fails order nothing.
/// </remarks>
[Flags]
public enum EventFlags
{
    /// <summary>A plain access.</summary>
    None = 0,

    /// <summary>READ_ONCE(), WRITE_ONCE() and relaxed atomics.</summary>
    Once = 1,

    /// <summary>smp_load_acquire() and atomics with _acquire.</summary>
    Acquire = 2,

    /// <summary>smp_store_release() and atomics with _release.</summary>
    Release = 4,

    /// <summary>Fully ordered atomics.</summary>
    Mb = 8,

    /// <summary>Atomics that return nothing, such as atomic_inc().</summary>
    Noreturn = 16,

    /// <summary>Part of an atomic read-modify-write, also of one that failed and only read.</summary>
    Rmw = 32,
}
