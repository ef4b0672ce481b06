namespace MmuStress.Explorer;

/// <summary>What a CPU is about to do at an interleaving point.</summary>
public enum OperationKind : byte
{
    /// <summary>Nothing: it is finished or was never started.</summary>
    None,

    /// <summary>It starts.</summary>
    Start,

    /// <summary>READ_ONCE.</summary>
    ReadOnce,

    /// <summary>A page-table walker's read.</summary>
    HardwareRead,

    /// <summary>smp_load_acquire.</summary>
    LoadAcquire,

    /// <summary>WRITE_ONCE.</summary>
    WriteOnce,

    /// <summary>smp_store_release.</summary>
    StoreRelease,

    /// <summary>xchg.</summary>
    Xchg,

    /// <summary>cmpxchg.</summary>
    CmpXchg,

    /// <summary>atomic_add_return.</summary>
    AddReturn,

    /// <summary>atomic_fetch_or.</summary>
    FetchOr,

    /// <summary>atomic_fetch_andnot.</summary>
    FetchAndNot,

    /// <summary>atomic_add, without a result.</summary>
    AtomicAdd,

    /// <summary>set_bit, without a result.</summary>
    AtomicOr,

    /// <summary>Gives a lock back.</summary>
    Unlock,

    /// <summary>Gives a shared lock back.</summary>
    ReadUnlock,

    /// <summary>Enters an SRCU section.</summary>
    SrcuReadLock,

    /// <summary>Leaves an SRCU section.</summary>
    SrcuReadUnlock,

    /// <summary>cond_resched.</summary>
    CondResched,

    /// <summary>Takes a lock; it and all kinds after it can block.</summary>
    Lock,

    /// <summary>Takes a lock as a reader.</summary>
    ReadLock,

    /// <summary>Waits for a value.</summary>
    WaitUntilEqual,

    /// <summary>Waits for another value.</summary>
    WaitUntilNotEqual,

    /// <summary>Waits for a count and takes one off.</summary>
    Down,

    /// <summary>Waits until every other CPU is done or idle: the run's last part.</summary>
    WaitForOthers,
}
