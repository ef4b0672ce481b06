using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <content>arm-2012: the scenarios of its defects, and those that it survives. Without retry and flush, little else makes sense on it.</content>
public static partial class MmuExpectations
{
    private const string Arm2012 = "arm-2012";

    private static IEnumerable<(string Scenario, Expectation Expectation)> OnArm2012() =>
    [
        .. Held(Arm2012, "cow-vs-fault", "vma-vs-fault", "accessed-after-release", "vcpu-migrates", "release-vs-unmap", "slots-swap-vs-notifier"),
        ("unmap-neighbour", Expectation.Violated(Arm2012, "A12-1", nameof(TableCounts)).AfterPreemptions(0)),
        ("walk-vs-table-free", Expectation.Violated(Arm2012, "A12-2", MmuInvariants.NoTableUseAfterFree)),
        ("kick-vs-entry", Expectation.Violated(Arm2012, "A12-3", "NoPageUseAfterFree", nameof(NoStaleTlb)).AfterPreemptions(0)),
        ("fault-vs-invalidate", Expectation.Violated(Arm2012, "A12-4", nameof(NoStaleMapping))),
        ("change-pte-in-place", Expectation.Violated(Arm2012, "A12-5", nameof(BreakBeforeMake)).AfterPreemptions(0)),
        ("change-pte-overlap", Expectation.Violated(Arm2012, "A12-6", nameof(NoStaleMapping)).AfterPreemptions(0)),
        ("ksm-vs-write", Expectation.Violated(Arm2012, "A12-6", nameof(NoStaleMapping), nameof(GuestMemoryCoherence), nameof(NoStaleTlb)).AfterPreemptions(0)),
        ("teardown-vs-unmap", Expectation.Violated(Arm2012, "A12-8", MmuInvariants.NoTableUseAfterFree, MachineInvariants.NoDataRace)),
        ("teardown-vs-guest", Expectation.Violated(Arm2012, "A12-8", MmuInvariants.NoTableUseAfterFree).AfterPreemptions(0)),
        ("guest-after-release", Expectation.Violated(Arm2012, "A12-9", "NoPageUseAfterFree").AfterPreemptions(0)),
    ];
}
