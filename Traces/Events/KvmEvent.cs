namespace MmuStress.Traces;

/// <summary>The events that a trace is read for; of each, the fields that <see cref="TraceRecord"/> keeps.</summary>
internal enum KvmEvent : byte
{
    /// <summary>An event of another name: counted.</summary>
    Unknown,

    /// <summary>An event of KVM about which nothing is concluded.</summary>
    Other,

    /// <summary>tracing_mark_write: its text is read apart.</summary>
    Marker,

    /// <summary>kvm_entry: A vCPU.</summary>
    Entry,

    /// <summary>kvm_exit: A vCPU; of a nested page fault D 1, B error code, C address.</summary>
    Exit,

    /// <summary>kvm_page_fault: A vCPU, B address, C error code.</summary>
    PageFault,

    /// <summary>fast_page_fault: A spurious, B fixed, C old, D new, E address.</summary>
    FastPageFault,

    /// <summary>kvm_mmu_spte_requested: A gfn, B pfn, C level.</summary>
    SpteRequested,

    /// <summary>kvm_mmu_set_spte: A gfn, B spte, C level.</summary>
    SetSpte,

    /// <summary>kvm_tdp_mmu_spte_changed: A gfn, B old, C new, D level, E address space.</summary>
    SpteChanged,

    /// <summary>kvm_unmap_hva_range: A start, B end (exclusive), host virtual addresses.</summary>
    UnmapHvaRange,

    /// <summary>kvm_set_spte_hva: A host virtual address.</summary>
    SetSpteHva,

    /// <summary>kvm_age_hva, kvm_test_age_hva.</summary>
    Age,

    /// <summary>kvm_mmu_zap_all_fast: A mmu_valid_gen.</summary>
    ZapAllFast,

    /// <summary>An access to no memslot, or an emulated instruction.</summary>
    Mmio,

    /// <summary>A page that must be waited for.</summary>
    Async,

    /// <summary>kvm_userspace_exit: A reason or errno, B 1 for an error.</summary>
    UserspaceExit,

    /// <summary>kvm_update_master_clock.</summary>
    MasterClock,

    /// <summary>kvm_apicv_inhibit_changed.</summary>
    ApicvInhibit,

    /// <summary>kvm_track_tsc: A vCPU, B how many there are.</summary>
    TrackTsc,

    /// <summary>Dirty ring: kvm_dirty_ring_push, _reset, _exit.</summary>
    DirtyRing,

    /// <summary>Probe mn_start: A start, B end, C the notifier's event.</summary>
    MnStart,

    /// <summary>Probe mn_end: A start, B end.</summary>
    MnEnd,

    /// <summary>Probe inv_begin: A start, B end, C seq, D in_progress, E 1 where the range is of gfns, F 1 where it is known to be of a notifier.</summary>
    InvBegin,

    /// <summary>Probe inv_end: A start, B last (both 0 where not printed), C seq, D in_progress, F 1 where it is known to be of a notifier.</summary>
    InvEnd,

    /// <summary>Probe faultin: A gfn, B seq.</summary>
    Faultin,

    /// <summary>Probe faultin_ret: A result.</summary>
    FaultinRet,

    /// <summary>Probe stale_check: A gfn, B hva, C mmu_seq, D seq, E in_progress, F range start, G range end.</summary>
    StaleCheck,

    /// <summary>Probe stale_ret: A result.</summary>
    StaleRet,

    /// <summary>Probe fault_ret: A result.</summary>
    FaultRet,

    /// <summary>Probe set_memslot: A change.</summary>
    SetMemslot,

    /// <summary>Probe swap_memslots: A address space.</summary>
    SwapMemslots,
}
