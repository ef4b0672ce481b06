namespace MmuStress.Explorer;

/// <summary>What is left out at a site.</summary>
public enum MutationKind
{
    /// <summary>smp_rmb.</summary>
    ReadBarrier,

    /// <summary>smp_wmb.</summary>
    WriteBarrier,

    /// <summary>smp_mb.</summary>
    FullBarrier,

    /// <summary>The ordering of an acquire or a release: it becomes READ_ONCE or WRITE_ONCE.</summary>
    Ordering,

    /// <summary>The ordering of a value-returning atomic, which keeps its effect.</summary>
    AtomicOrdering,

    /// <summary>A lock and the unlock that belongs to it.</summary>
    Lock,

    /// <summary>An unlock and the lock after it, where a lock is dropped and taken again: it is held throughout.</summary>
    Relock,

    /// <summary>An SRCU read-side section: its beginning and its end.</summary>
    Section,

    /// <summary>The effect of a write or an atomic; what it returns is what is there.</summary>
    Update,

    /// <summary>A wait for a value: it returns at once.</summary>
    Wait,

    /// <summary>A check: a read that finds what its CPU knows already, as if nobody else had written.</summary>
    Check,

    /// <summary>A call of a function that stands as one operation: a flush, a request, a grace period.</summary>
    Call,
}
