namespace MmuStress.Explorer;

/// <summary>What the Linux-kernel memory model warns about in an execution that it allows.</summary>
/// <remarks>Mirrors: the flags of linux-kernel.bell and linux-kernel.cat.</remarks>
[Flags]
public enum LkmmFlags
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Two conflicting accesses, at least one of them plain, that nothing orders (data-race).</summary>
    DataRace = 1,

    /// <summary>A plain write and a marked access of one location without a barrier between them (mixed-accesses).</summary>
    MixedAccesses = 2,

    /// <summary>rcu_read_lock() or rcu_read_unlock() without the other (unbalanced-rcu-locking).</summary>
    UnbalancedRcuLocking = 4,

    /// <summary>srcu_read_lock() whose value no srcu_read_unlock() gets (unmatched-srcu-lock).</summary>
    UnmatchedSrcuLock = 8,

    /// <summary>srcu_read_unlock() whose value is of no srcu_read_lock() (unmatched-srcu-unlock).</summary>
    UnmatchedSrcuUnlock = 16,

    /// <summary>A value used in two ways (multiple-srcu-matches).</summary>
    MultipleSrcuMatches = 32,

    /// <summary>A value that was changed on its way (srcu-bad-value-match).</summary>
    SrcuBadValueMatch = 64,

    /// <summary>synchronize_srcu() in a critical section of RCU (invalid-sleep).</summary>
    InvalidSleep = 128,
}
