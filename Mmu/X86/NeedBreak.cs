namespace MmuStress.Mmu;

/// <summary>What rwlock_needbreak(&amp;kvm->mmu_lock) and need_resched() say to a long walk that could drop mmu_lock.</summary>
public enum NeedBreak
{
    /// <summary>Nobody wants the lock or the CPU.</summary>
    Never,

    /// <summary>The environment chooses each time.</summary>
    Chosen,

    /// <summary>Somebody always does.</summary>
    Always,
}
