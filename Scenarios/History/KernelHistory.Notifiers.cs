using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <content>virt/kvm/kvm_main.c, its callers in mm/, and the architectures' callbacks.</content>
public static partial class KernelHistory
{
    private static IReadOnlyList<HistoricalRace> Notifiers =>
    [
        new("Z09", "44187235cbcc", "KVM: x86/mmu: fix potential races when walking host page table", "the host frees a page table that KVM walks with interrupts on",
            HostTableWalk.Before, HostTableWalk.After),
        new("Z10", "13ec9308a857", "KVM: arm64: Retry fault if vma_lookup() results become invalid", "the snapshot is taken after mmap_lock was given back, and covers the VMA no more",
            VmaShift.Before, VmaShift.After),
        new("Z11", "e649b3f0188f", "KVM: x86: Fix APIC page invalidation race", "a vCPU is asked to look the page up again before the host has changed it",
            ApicAccessPage.Before, ApicAccessPage.AsksAfterChange),
        new("Z12", "878940b33d76", "KVM: VMX: Retry APIC-access page reload if invalidation is in-progress", "who looks the page up does not ask whether it is being changed",
            ApicAccessPage.Before, ApicAccessPage.Retries),
        new("Z23", "88bf56d04bc3", "kvm: check tlbs_dirty directly", "a long is or-ed into an int, and a flush is lost with its upper half",
            TlbsDirty.Before, TlbsDirty.After),
        new("Z25", "a355aa54f1d2", "KVM: Add barriers to allow mmu_notifier_retry to be used locklessly", "the count is seen to have gone down before the sequence is seen to have gone up",
            LocklessRetry.Before, LocklessRetry.After),
        new("Z37", "91e4f1b6073d", "KVM: MIPS: Drop other CPU ASIDs on guest MMU changes", "what the guest has replaced is still in the TLB of a CPU where it was before",
            GuestTlbWrite.Before, GuestTlbWrite.After),
        new("Z41", "4cccb6221cae", "fs/proc/task_mmu: move mmu notification mechanism inside mm lock", "a notifier is registered between a start and an end, and only counts the end",
            ClearRefs.Before, ClearRefs.After),
        OnMended(
            "Z39", "f268f6cf875f", "mm/khugepaged: invoke MMU notifiers in shmem/file collapse paths", "pages are unmapped and freed without a notification",
            new FileCollapse(notifies: false), new FileCollapse(notifies: true)),
        OnMended(
            "Z62", "01e67e04c281", "mmmremap.c: avoid pointless invalidate_range_start/end on mremap(old_size=0)", "KVM is told of an empty range",
            new EmptyMremap(notifiesOfNothing: true), new EmptyMremap(notifiesOfNothing: false)),
        OnMended(
            "Z21", "52ac8b358b0c", "KVM: Block memslot updates across range_start() and range_end()", "start and end see other memslots, and only one of them counts",
            new SlotsSwapVsNotifier(NotifierVariant.Unblocked), new SlotsSwapVsNotifier(NotifierVariant.Today)),
        OnMended(
            "Z40", "4d4bbd8526a8", "mm, oom_reaper: skip mm structs with mmu notifiers", "the reaper frees pages that the guest still uses",
            new OomReaper(NotifierVariant.Today, OomReaperMode.TellsNobody), new OomReaper(NotifierVariant.Today, OomReaperMode.Skips)),
        OnMended(
            "Z47", "32b48bf8514c", "KVM: PPC: Book3S HV: Fix conversion to gfn-based MMU notifier callbacks", "only the first frame of a range is unmapped",
            new UnmapTwoPages(NotifierVariant.FirstGfn), new UnmapTwoPages(NotifierVariant.Today)),
    ];

    private static HistoricalRace OnMended(string id, string commit, string title, string mechanism, Scenario before, Scenario after) =>
        new(id, commit, title, mechanism, before, after) { MmuBefore = "loongarch-mended", MmuAfter = "loongarch-mended" };
}
