namespace MmuStress.Traces;

/// <summary>What an event of an episode stands for.</summary>
internal enum EpisodeEventKind : byte
{
    /// <summary>A fault begins: kvm_page_fault. A gfn, B its host virtual address or 0, C error code.</summary>
    Fault,

    /// <summary>A fault was mended without mmu_lock: fast_page_fault with fixed 1. A gfn, B old, C new.</summary>
    FastFixed,

    /// <summary>A fault looked at its entry and changed nothing: fast_page_fault with fixed 0. A gfn, B old, C new, which is read again when it is printed, or unknown.</summary>
    FastSeen,

    /// <summary>kvm_mmu_spte_requested: mmu_lock is held and nothing was invalidated. A gfn, B pfn, C level.</summary>
    Requested,

    /// <summary>kvm_mmu_set_spte, which reads the entry again. A gfn, B value, C level.</summary>
    Set,

    /// <summary>kvm_tdp_mmu_spte_changed. A gfn, B old, C new, D level, E address space.</summary>
    Changed,

    /// <summary>invalidate_range_start is entered: kvm_unmap_hva_range. A start, B end, C the invalidation's number in the episode.</summary>
    Unmap,

    /// <summary>The same where no memslot is: those of its thread that this is not part of have ended. A start, B end.</summary>
    UnmapElsewhere,

    /// <summary>change_pte is entered: kvm_set_spte_hva.</summary>
    ChangePte,

    /// <summary>Probe inv_begin: under mmu_lock, before in_progress grows.</summary>
    InvalidateBegin,

    /// <summary>Probe inv_end: under mmu_lock, before the sequence grows.</summary>
    InvalidateEnd,

    /// <summary>kvm_mmu_zap_all_fast: under mmu_lock, before the roots become obsolete.</summary>
    ZapAllFast,

    /// <summary>The vCPU enters the guest or goes to user space: the fault is over.</summary>
    FaultDone,

    /// <summary>The same, and the fault must be tried again without any other reason than an invalidation.</summary>
    FaultRetried,

    /// <summary>The thread does something else: its invalidations are over.</summary>
    Other,
}
