namespace MmuStress.Traces;

/// <summary>What a thread of an episode does between two of its events, unseen, and the events themselves.</summary>
internal enum EpisodeStepKind : byte
{
    /// <summary>Prints an event, when those before it in the trace are printed.</summary>
    Print,

    /// <summary>A fault's snapshot of mmu_invalidate_seq.</summary>
    Snapshot,

    /// <summary>Takes mmu_lock at a time at which is_page_fault_stale() says no.</summary>
    LockFresh,

    /// <summary>Takes mmu_lock for a moment at which is_page_fault_stale() says yes.</summary>
    FindStale,

    /// <summary>Takes mmu_lock for write.</summary>
    Lock,

    /// <summary>Gives mmu_lock back, held for read or for write.</summary>
    Unlock,

    /// <summary>Gives mmu_lock back and takes it again, so that others can come between: tdp_mmu_iter_cond_resched().</summary>
    Yield,

    /// <summary>Changes an entry from one value to another.</summary>
    Change,

    /// <summary>Reads an entry, which must hold a value.</summary>
    Check,

    /// <summary>kvm_mmu_invalidate_begin() and _range_add().</summary>
    Begin,

    /// <summary>The invalidation has zapped everything: no leaf is left in its range. mmu_lock is held for write, and is given back.</summary>
    UnlockClear,

    /// <summary>Waits until an entry in the invalidation's range is no leaf, without mmu_lock: for a plan that leaves the lock out.</summary>
    Clear,

    /// <summary>kvm_mmu_invalidate_end(). mmu_lock is held for write.</summary>
    End,

    /// <summary>Waits until the invalidation has ended.</summary>
    WaitForEnd,

    /// <summary>The roots become obsolete.</summary>
    AddRoot,
}
