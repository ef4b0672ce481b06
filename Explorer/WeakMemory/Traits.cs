namespace MmuStress.Explorer;

/// <summary>What an event of a graph does, and what it orders.</summary>
[Flags]
internal enum Traits
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>It reads.</summary>
    Read = 1,

    /// <summary>It writes.</summary>
    Write = 2,

    /// <summary>Later accesses of its CPU stay after it.</summary>
    Acquire = 4,

    /// <summary>Earlier accesses of its CPU stay before it.</summary>
    Release = 8,

    /// <summary>smp_mb() before it and after it: a value-returning atomic.</summary>
    Full = 16,

    /// <summary>It takes a lock: its write is seen by nobody, so only its read orders.</summary>
    Lock = 32,

    /// <summary>It gives a lock back.</summary>
    Unlock = 64,

    /// <summary>Nobody gets what it read: smp_rmb() does not order it, and nothing depends on it.</summary>
    Silent = 128,

    /// <summary>It changes what it read in one step; nothing comes between the two.</summary>
    Rmw = Read | Write,
}
