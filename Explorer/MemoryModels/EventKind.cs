namespace MmuStress.Explorer;

/// <summary>What an event of an <see cref="ExecutionGraph"/> does.</summary>
/// <remarks>Mirrors: the instruction sets of linux-kernel.bell and lock.cat; their names are given in brackets.</remarks>
public enum EventKind
{
    /// <summary>Reads memory (R).</summary>
    Read,

    /// <summary>Writes memory (W).</summary>
    Write,

    /// <summary>The read of a spin_lock() or a spin_trylock() that succeeds (LKR).</summary>
    LockRead,

    /// <summary>The write of the same (LKW), the next event of its CPU.</summary>
    LockWrite,

    /// <summary>spin_unlock() (UL).</summary>
    Unlock,

    /// <summary>A spin_trylock() that fails or a spin_is_locked() that finds it locked (LF, RL).</summary>
    LockFail,

    /// <summary>A spin_is_locked() that finds it unlocked (RU).</summary>
    ReadUnlocked,

    /// <summary>srcu_read_lock() (Srcu-lock), a read of the srcu_struct.</summary>
    SrcuLock,

    /// <summary>srcu_read_unlock() (Srcu-unlock), a write of the srcu_struct.</summary>
    SrcuUnlock,

    /// <summary>synchronize_srcu() (Sync-srcu); has a location, and does not access it.</summary>
    SyncSrcu,

    /// <summary>rcu_read_lock() (Rcu-lock).</summary>
    RcuLock,

    /// <summary>rcu_read_unlock() (Rcu-unlock).</summary>
    RcuUnlock,

    /// <summary>synchronize_rcu() (Sync-rcu).</summary>
    SyncRcu,

    /// <summary>barrier() (Barrier).</summary>
    Barrier,

    /// <summary>smp_rmb() (Rmb).</summary>
    Rmb,

    /// <summary>smp_wmb() (Wmb).</summary>
    Wmb,

    /// <summary>smp_mb() (Mb).</summary>
    Mb,

    /// <summary>smp_mb__before_atomic() (Before-atomic).</summary>
    BeforeAtomic,

    /// <summary>smp_mb__after_atomic() (After-atomic).</summary>
    AfterAtomic,

    /// <summary>smp_mb__after_spinlock() (After-spinlock).</summary>
    AfterSpinlock,

    /// <summary>smp_mb__after_unlock_lock() (After-unlock-lock).</summary>
    AfterUnlockLock,

    /// <summary>smp_mb__after_srcu_read_unlock() (After-srcu-read-unlock).</summary>
    AfterSrcuReadUnlock,
}
