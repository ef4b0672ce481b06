using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <content>arm64 as it is today.</content>
public static partial class MmuExpectations
{
    private const string Arm64Mmu = "arm64";

    private static IEnumerable<(string Scenario, Expectation Expectation)> OnArm64() =>
        Held(
            Arm64Mmu, "fault-vs-invalidate", "cow-vs-fault", "fast-path-vs-unmap", "vma-vs-fault", "accessed-after-release", "vcpu-migrates", "retry-storm", "kick-vs-entry",
            "kick-after-migration", "walk-vs-unmap", "walk-vs-empty-table", "walk-vs-memslot-delete", "walk-vs-populate", "deep-table", "release-vs-unmap", "change-pte-overlap",
            "change-pte-readonly", "change-pte-old-entry", "age-range", "migrate-vs-write", "collapse-vs-write", "ksm-vs-write", "memslot-delete-vs-fault", "memslot-delete-vs-unmap",
            "slots-swap-vs-notifier", "live-migration", "dirty-log", "dirty-log-clear", "dirty-log-enable", "dirty-log-vs-delete", "mixed", "parallel-faults", "parallel-fault-vs-unmap",
            "break-vs-read", "unmap-neighbour", "walk-vs-table-free", "block-vs-walk", "block-split-vs-fault", "block-vs-dirty-log").Concat(
        [
            // A fault that meets an INVALID memslot is taken for MMIO, as it is in the kernel.
            ("memslot-move-vs-fault", Expectation.Violated(Arm64Mmu, "LA20-18", nameof(FaultAnswersForSlots))),

            // Without call_rcu().
            ("block-vs-walk-before", Expectation.Violated(Arm64Mmu, "RCU", MmuInvariants.NoTableUseAfterFree)),

            // mark_page_dirty_in_slot() comes after mmu_lock is given back, as it does in the kernel.
            ("dirty-log-strict", Expectation.Violated(Arm64Mmu, "LA20-13", nameof(DirtyLogCompleteStrict))),
        ]);
}
