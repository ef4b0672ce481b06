namespace MmuStress.Machine;

/// <summary>The names of the properties that the machine itself checks. Data races, deadlocks, livelocks and leaks are looked at when explored, the rest in both ways of running.</summary>
public static class MachineInvariants
{
    /// <summary>Conflicting accesses, at least one of them plain, are ordered by happens-before (I11).</summary>
    public const string NoDataRace = nameof(NoDataRace);

    /// <summary>No CPU waits for ever for another.</summary>
    public const string NoDeadlock = nameof(NoDeadlock);

    /// <summary>Every run ends under a fair schedule (I12).</summary>
    public const string NoLivelock = nameof(NoLivelock);

    /// <summary>Freed memory is not used and not freed again (I3, I4).</summary>
    public const string NoUseAfterFree = nameof(NoUseAfterFree);

    /// <summary>Locks are held where asserted, taken in one order, not recursively, released by their owner, never slept under and never leaked (I11).</summary>
    public const string LockDiscipline = nameof(LockDiscipline);

    /// <summary>No actor ends with an exception.</summary>
    public const string NoException = nameof(NoException);

    /// <summary>A per-vCPU cache of pages holds enough when it is used under mmu_lock (I11).</summary>
    public const string CacheUnderrun = "NoCacheUnderrun";
}
