using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <content>arm64-2014. It has neither a dirty log nor aging.</content>
public static partial class MmuExpectations
{
    private const string Arm64Of2014 = "arm64-2014";

    private static IEnumerable<(string Scenario, Expectation Expectation)> OnArm64Of2014() =>
    [
        .. Held(
            Arm64Of2014, "fault-vs-invalidate", "cow-vs-fault", "fast-path-vs-unmap", "vma-vs-fault", "accessed-after-release", "vcpu-migrates", "retry-storm", "kick-vs-entry",
            "kick-after-migration", "walk-vs-unmap", "walk-vs-empty-table", "walk-vs-memslot-delete", "release-vs-unmap", "migrate-vs-write", "collapse-vs-write",
            "memslot-delete-vs-fault", "memslot-delete-vs-unmap", "slots-swap-vs-notifier", "unmap-neighbour", "walk-vs-table-free"),
        ("change-pte-overlap", Expectation.Violated(Arm64Of2014, "A12-6", nameof(NoStaleMapping))),
        ("ksm-vs-write", Expectation.Violated(Arm64Of2014, "A12-6", nameof(NoStaleMapping), nameof(GuestMemoryCoherence), nameof(NoStaleTlb))),
        ("memslot-move-vs-fault", Expectation.Violated(Arm64Of2014, "LA20-18", nameof(FaultAnswersForSlots))),
        ("mixed", Expectation.Violated(Arm64Of2014, "A12-6", nameof(NoStaleTlb), nameof(NoStaleMapping), nameof(GuestMemoryCoherence), nameof(FaultAnswersForSlots))),
        ("change-pte-in-place", Expectation.Violated(Arm64Of2014, "A12-5", nameof(BreakBeforeMake)).AfterPreemptions(0)),
        ("teardown-vs-unmap", Expectation.Violated(Arm64Of2014, "A14-5", MmuInvariants.NoTableUseAfterFree, MachineInvariants.NoUseAfterFree, MachineInvariants.NoDataRace).AfterPreemptions(0)),
        ("teardown-vs-guest", Expectation.Violated(Arm64Of2014, "A14-7", MmuInvariants.NoTableUseAfterFree, MachineInvariants.NoUseAfterFree, MachineInvariants.NoDataRace)),
        ("guest-after-release", Expectation.Violated(Arm64Of2014, "A12-9", "NoPageUseAfterFree").AfterPreemptions(0)),
        ("upper-root-table", Expectation.Violated(Arm64Of2014, "A14-1", MmuInvariants.NoTableUseAfterFree, nameof(TableCounts), nameof(TableAccounting), MmuInvariants.NoKernelWarning).AfterPreemptions(0)),
    ];
}
