namespace MmuStress.Mmu;

/// <summary>What differs between one host address space and another.</summary>
public sealed record HostMmParameters
{
    /// <summary>Whether a read of memory that was never written maps the shared page of zeroes, as for anonymous memory; else a fresh page, writable.</summary>
    public bool ReadFaultMapsZeroPage { get; init; } = true;

    /// <summary>Whether a page is looked up without the page_table_lock, so that only KVM's own protocol says whether what was found still holds.</summary>
    /// <remarks>
    /// Mirrors: the lockless walk of gup_pte_range(), mm/gup.c (v6.1), and of host_pfn_mapping_level().
    /// Differs: the reference is taken whether or not the page has been freed meanwhile, and the entry is not looked at again; taking it orders nothing.
    /// </remarks>
    public bool LooksUpWithoutLock { get; init; }

    /// <summary>How many pages a zap gathers before it frees them inside its start and end; what is left over is freed after the end.</summary>
    /// <remarks>Mirrors: the batch of struct mmu_gather. In the kernel one page is freed before the end only where the batch is full or a dirty page forces a flush.</remarks>
    public int GatherBatch { get; init; } = 1;

    /// <summary>Whether notifiers may be unregistered while others are called, at the price of three more steps in each call.</summary>
    /// <remarks>Set it where <see cref="HostMm.Release"/> or <see cref="HostMm.UnregisterNotifier"/> runs beside anything else.</remarks>
    public bool NotifiersMayUnregister { get; init; }

    /// <summary>Whether the calls of start and end count as holding a lock, so that the order is checked of what notifiers leave locked in between.</summary>
    /// <remarks>Mirrors: lock_map_acquire(&amp;__mmu_notifier_invalidate_range_start_map), include/linux/mmu_notifier.h (v6.1).</remarks>
    public bool AnnotatesNotifiers { get; init; }

    /// <summary>Whether unmapping a part of a huge page first splits it, with a start and an end of its own inside those of the unmapping.</summary>
    /// <remarks>Mirrors: zap_pmd_range(), mm/memory.c, which calls __split_huge_pmd() (v6.1).</remarks>
    public bool SplitsOnPartialUnmap { get; init; }

    /// <summary>What the OOM reaper does about notifiers.</summary>
    public OomReaperMode OomReaper { get; init; }

    /// <summary>Whether a collapse tells notifiers before it clears entries.</summary>
    /// <remarks>Mirrors: retract_page_tables() and collapse_and_free_pmd(), mm/khugepaged.c, which did not before f268f6cf875f. Differs: here it is the collapse of anonymous memory.</remarks>
    public bool CollapseNotifies { get; init; } = true;

    /// <summary>Whether mremap() of nothing notifies of an empty range.</summary>
    /// <remarks>Mirrors: move_page_tables(), mm/mremap.c, before 01e67e04c281.</remarks>
    public bool MremapNotifiesOfNothing { get; init; }
}
