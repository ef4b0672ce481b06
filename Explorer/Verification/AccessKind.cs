namespace MmuStress.Explorer;

/// <summary>What a step does to a location, as far as the order of two steps can matter.</summary>
internal enum AccessKind : byte
{
    /// <summary>A marked read, or a wait for a value.</summary>
    Read,

    /// <summary>A page-table walker's read.</summary>
    HardwareRead,

    /// <summary>A look of a checker, or of a CPU that waits before it retries.</summary>
    Look,

    /// <summary>A marked write or read-modify-write.</summary>
    Write,

    /// <summary>An addition whose result nobody uses: two of them commute.</summary>
    Add,

    /// <summary>Sets bits without a result: two of them commute.</summary>
    SetBits,

    /// <summary>A plain write. Whether it races with other plain accesses is the race detector's business.</summary>
    PlainWrite,

    /// <summary>Takes a lock.</summary>
    Acquire,

    /// <summary>Takes a lock as a reader.</summary>
    AcquireShared,

    /// <summary>Gives a lock back.</summary>
    Release,

    /// <summary>Gives a shared lock back.</summary>
    ReleaseShared,

    /// <summary>Takes a lock and gives it back, with nothing in between that another CPU could come between: two of them commute.</summary>
    Section,

    /// <summary>Uses a block of memory that may be freed.</summary>
    Use,

    /// <summary>Plain writes to a whole block.</summary>
    Fill,

    /// <summary>Frees a block.</summary>
    Free,
}
