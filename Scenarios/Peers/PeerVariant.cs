namespace MmuStress.Scenarios;

/// <summary>The variants of the peers' protocol.</summary>
public enum PeerVariant
{
    /// <summary>As the kernel's comments describe it, without the host's page-table lock.</summary>
    Correct,

    /// <summary>The check is made before mmu_lock is taken.</summary>
    Buggy,

    /// <summary>A write barrier between freeing the page and counting up.</summary>
    Release,

    /// <summary>The host PTE is read and cleared under a page-table lock.</summary>
    PageTableLock,
}
