using System.Text;

namespace MmuStress.Traces;

/// <summary>Which event a name stands for, without a string for each line; unknown names are kept once, with a count.</summary>
internal sealed class EventNames
{
    private const int Size = 1024;
    private const int MostUnknown = 512;

    private static readonly (string Name, KvmEvent Kind)[] Known =
    [
        ("tracing_mark_write", KvmEvent.Marker), ("print", KvmEvent.Marker),
        ("kvm_entry", KvmEvent.Entry), ("kvm_exit", KvmEvent.Exit), ("kvm_page_fault", KvmEvent.PageFault),
        ("fast_page_fault", KvmEvent.FastPageFault), ("kvm_mmu_spte_requested", KvmEvent.SpteRequested),
        ("kvm_mmu_set_spte", KvmEvent.SetSpte), ("kvm_tdp_mmu_spte_changed", KvmEvent.SpteChanged),
        ("kvm_unmap_hva_range", KvmEvent.UnmapHvaRange), ("kvm_set_spte_hva", KvmEvent.SetSpteHva),
        ("kvm_age_hva", KvmEvent.Age), ("kvm_test_age_hva", KvmEvent.Age), ("kvm_mmu_zap_all_fast", KvmEvent.ZapAllFast),
        ("mark_mmio_spte", KvmEvent.Mmio), ("handle_mmio_page_fault", KvmEvent.Mmio),
        ("vcpu_match_mmio", KvmEvent.Mmio), ("kvm_mmio", KvmEvent.Mmio), ("kvm_fast_mmio", KvmEvent.Mmio), ("kvm_emulate_insn", KvmEvent.Mmio),
        ("kvm_try_async_get_page", KvmEvent.Async), ("kvm_async_pf_not_present", KvmEvent.Async), ("kvm_async_pf_completed", KvmEvent.Async),
        ("kvm_async_pf_ready", KvmEvent.Async), ("kvm_async_pf_repeated_fault", KvmEvent.Async), ("kvm_async_pf_doublefault", KvmEvent.Async),
        ("kvm_userspace_exit", KvmEvent.UserspaceExit), ("kvm_update_master_clock", KvmEvent.MasterClock),
        ("kvm_apicv_inhibit_changed", KvmEvent.ApicvInhibit), ("kvm_track_tsc", KvmEvent.TrackTsc),
        ("kvm_dirty_ring_push", KvmEvent.DirtyRing), ("kvm_dirty_ring_reset", KvmEvent.DirtyRing), ("kvm_dirty_ring_exit", KvmEvent.DirtyRing),
        ("mn_start", KvmEvent.MnStart), ("mn_end", KvmEvent.MnEnd), ("inv_begin", KvmEvent.InvBegin), ("inv_end", KvmEvent.InvEnd),
        ("faultin", KvmEvent.Faultin), ("faultin_ret", KvmEvent.FaultinRet), ("stale_check", KvmEvent.StaleCheck), ("stale_ret", KvmEvent.StaleRet),
        ("fault_ret", KvmEvent.FaultRet), ("set_memslot", KvmEvent.SetMemslot), ("swap_memslots", KvmEvent.SwapMemslots),
    ];

    // The rest of the groups kvm and kvmmmu of 6.1 and 6.12: known, and nothing follows from them here.
    private static readonly string[] Others =
    [
        "kvm_ack_irq", "kvm_apic", "kvm_apic_accept_irq", "kvm_apic_ipi", "kvm_apicv_accept_irq", "kvm_avic_doorbell", "kvm_avic_ga_log",
        "kvm_avic_incomplete_ipi", "kvm_avic_kick_vcpu_slowpath", "kvm_avic_unaccelerated_access", "kvm_cpuid", "kvm_cr", "kvm_eoi", "kvm_fpu",
        "kvm_halt_poll_ns", "kvm_hv_flush_tlb", "kvm_hv_flush_tlb_ex", "kvm_hv_hypercall", "kvm_hv_hypercall_done", "kvm_hv_notify_acked_sint",
        "kvm_hv_send_ipi", "kvm_hv_send_ipi_ex", "kvm_hv_stimer_callback", "kvm_hv_stimer_cleanup", "kvm_hv_stimer_expiration",
        "kvm_hv_stimer_set_config", "kvm_hv_stimer_set_count", "kvm_hv_stimer_start_one_shot", "kvm_hv_stimer_start_periodic",
        "kvm_hv_syndbg_get_msr", "kvm_hv_syndbg_set_msr", "kvm_hv_synic_send_eoi", "kvm_hv_synic_set_irq", "kvm_hv_synic_set_msr",
        "kvm_hv_timer_state", "kvm_hypercall", "kvm_inj_exception", "kvm_inj_virq", "kvm_invlpga", "kvm_ioapic_delayed_eoi_inj",
        "kvm_ioapic_set_irq", "kvm_iocsr", "kvm_msi_set_irq", "kvm_msr", "kvm_nested_intercepts", "kvm_nested_intr_vmexit", "kvm_nested_vmenter",
        "kvm_nested_vmenter_failed", "kvm_nested_vmexit", "kvm_nested_vmexit_inject", "kvm_pi_irte_update", "kvm_pic_set_irq", "kvm_pio",
        "kvm_ple_window_update", "kvm_pml_full", "kvm_pv_eoi", "kvm_pv_tlb_flush", "kvm_pvclock_update", "kvm_rmp_fault", "kvm_set_irq",
        "kvm_skinit", "kvm_smm_transition", "kvm_vcpu_wakeup", "kvm_vmgexit_enter", "kvm_vmgexit_exit", "kvm_vmgexit_msr_protocol_enter",
        "kvm_vmgexit_msr_protocol_exit", "kvm_wait_lapic_expire", "kvm_write_tsc_offset", "kvm_xen_hypercall", "kvm_mmu_get_page",
        "kvm_mmu_pagetable_walk", "kvm_mmu_paging_element", "kvm_mmu_prepare_zap_page", "kvm_mmu_set_accessed_bit", "kvm_mmu_set_dirty_bit",
        "kvm_mmu_split_huge_page", "kvm_mmu_sync_page", "kvm_mmu_unsync_page", "kvm_mmu_walker_error", "check_mmio_spte",
    ];

    private readonly (byte[]? Name, KvmEvent Kind)[] table = new (byte[]?, KvmEvent)[Size];
    private readonly Dictionary<string, long> unknown = new(StringComparer.Ordinal);

    public EventNames()
    {
        foreach ((string name, KvmEvent kind) in Known.Concat(Others.Select(n => (n, KvmEvent.Other))))
        {
            byte[] bytes = Encoding.ASCII.GetBytes(name);
            int slot = Hash(bytes);
            while (table[slot].Name is not null)
            {
                slot = (slot + 1) % Size;
            }

            table[slot] = (bytes, kind);
        }
    }

    /// <summary>Names of no known event, and how often each came; of more than 512 the rest is not told apart.</summary>
    public IReadOnlyDictionary<string, long> Unknown => unknown;

    public KvmEvent KindOf(ReadOnlySpan<byte> name)
    {
        for (int slot = Hash(name); table[slot].Name is { } known; slot = (slot + 1) % Size)
        {
            if (name.SequenceEqual(known))
            {
                return table[slot].Kind;
            }
        }

        string text = unknown.Count < MostUnknown ? Encoding.Latin1.GetString(name) : "...";
        unknown[text] = unknown.GetValueOrDefault(text) + 1;
        return KvmEvent.Unknown;
    }

    private static int Hash(ReadOnlySpan<byte> name)
    {
        uint hash = 2166136261;
        foreach (byte b in name)
        {
            hash = (hash ^ b) * 16777619;
        }

        return (int)((hash ^ (hash >> 16)) % Size);
    }
}
