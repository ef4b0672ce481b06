namespace MmuStress.Scenarios;

/// <content>x86, the TDP MMU of today.</content>
public static partial class MmuExpectations
{
    // Not dirty-log-strict: the fast path lets a write through before it marks the page dirty, which x86 never promised to do before, and in that
    // scenario it takes too many coincidences to show.
    private static IEnumerable<(string Scenario, Expectation Expectation)> OnX86() =>
    [
        .. Held(
            "x86", "fault-vs-invalidate", "cow-vs-fault", "fast-path-vs-unmap", "vma-vs-fault", "accessed-after-release", "vcpu-migrates", "retry-storm",
            "kick-vs-entry", "kick-after-migration", "walk-vs-unmap", "walk-vs-empty-table", "walk-vs-memslot-delete", "walk-vs-populate", "deep-table",
            "release-vs-unmap", "change-pte-overlap", "change-pte-readonly", "age-range", "migrate-vs-write", "collapse-vs-write", "ksm-vs-write",
            "memslot-delete-vs-fault", "memslot-move-vs-fault", "memslot-delete-vs-unmap", "slots-swap-vs-notifier", "live-migration", "dirty-log",
            "dirty-log-clear", "dirty-log-enable", "dirty-log-vs-delete", "mixed"),
    ];
}
