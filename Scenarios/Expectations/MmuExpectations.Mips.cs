using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <content>mips: as loongarch-v3, which is a port of it, but that it looks up no VMA.</content>
public static partial class MmuExpectations
{
    private const string Mips = "mips";
    private const string NoPageUseAfterFree = nameof(NoPageUseAfterFree);

    private static IEnumerable<(string Scenario, Expectation Expectation)> OnMips() =>
    [
        .. Held(
            Mips,
            "fault-vs-invalidate", "vma-vs-fault", "retry-storm", "kick-after-migration",
            "memslot-delete-vs-fault", "memslot-delete-vs-unmap", "slots-swap-vs-notifier", "nested-notifiers", "notifier-lock-order", "destroy-vs-unmap",
            "unmap-two-pages", "asid-flush-ordered", "live-migration", "dirty-log", "dirty-log-clear", "dirty-log-strict", "dirty-log-vs-delete"),
        ("asid-flush", Unordered(nameof(NoStaleTlb), NoPageUseAfterFree)),
        ("kick-vs-entry", Unordered(nameof(NoStaleTlb), NoPageUseAfterFree)),
        ("cow-vs-fault", Unordered(nameof(GuestMemoryCoherence), nameof(NoStaleTlb))),
        ("migrate-vs-write", Unordered(nameof(NoStaleTlb), nameof(GuestMemoryCoherence))),
        ("collapse-vs-write", Unordered(nameof(NoStaleTlb), nameof(GuestMemoryCoherence))),
        ("dirty-log-enable", Unordered(nameof(DirtyLogComplete))),
        ("asid-flush-before", Expectation.Violated(Mips, "S4-7", nameof(NoStaleTlb), NoPageUseAfterFree)),
        ("fast-path-vs-unmap", Expectation.Violated(Mips, "LA3-7", NoPageUseAfterFree)),
        ("accessed-after-release", Expectation.Violated(Mips, "LA3-6", NoPageUseAfterFree)),
        ("vcpu-migrates", Expectation.Violated(Mips, "LA20-14", nameof(NoStaleTlb)).AfterPreemptions(3)),
        ("walk-vs-unmap", Expectation.Violated(Mips, "LA3-2", MmuInvariants.NoTableUseAfterFree, PageTableWalker.NoWildTranslation)),
        ("walk-vs-empty-table", Expectation.Violated(Mips, "LA3-2", MmuInvariants.NoTableUseAfterFree, PageTableWalker.NoWildTranslation)),
        ("walk-vs-memslot-delete", Expectation.Violated(Mips, "LA3-2", MmuInvariants.NoTableUseAfterFree, PageTableWalker.NoWildTranslation)),
        ("walk-vs-populate", Expectation.Violated(Mips, "LA3-5", PageTableWalker.NoWildTranslation).AfterPreemptions(1).Under("lkmm")),
        ("deep-table", Expectation.Violated(Mips, "LA3-9", MachineInvariants.CacheUnderrun).AfterPreemptions(0)),
        ("release-vs-unmap", Expectation.Violated(Mips, "LA3-3", MmuInvariants.NoTableUseAfterFree, MachineInvariants.NoDataRace).AfterPreemptions(0)),
        ("change-pte-overlap", Expectation.Violated(Mips, "LA3-8", nameof(NoStaleMapping))),
        ("change-pte-readonly", Expectation.Violated(Mips, "LA3-8", nameof(ReadOnlySlot)).AfterPreemptions(0)),
        ("change-pte-old-entry", Expectation.Violated(Mips, "LA3-8", nameof(NoStaleTlb))),
        ("age-range", Expectation.Violated(Mips, "LA3-1", nameof(Precision)).AfterPreemptions(0)),
        ("ksm-vs-write", Expectation.Violated(Mips, "LA3-8", nameof(NoStaleTlb), nameof(NoStaleMapping)).AfterPreemptions(2)),
        ("memslot-move-vs-fault", Expectation.Violated(Mips, "LA20-18", nameof(FaultAnswersForSlots))),
        ("oom-reaper", Expectation.Violated(Mips, "LA3-6", NoPageUseAfterFree)),
        ("mixed", Expectation.Violated(Mips, "LA3-6", NoPageUseAfterFree, nameof(NoStaleMapping), nameof(NoStaleTlb), MmuInvariants.NoTableUseAfterFree, PageTableWalker.NoWildTranslation)),
    ];

    // Nothing orders clearing an entry before marking CPUs in asid_flush_mask, which matters to weak memory only.
    private static Expectation Unordered(params string[] invariants) => Expectation.Violated(Mips, "MI-1", invariants).AfterPreemptions(2).OnlyUnder("lkmm");
}
