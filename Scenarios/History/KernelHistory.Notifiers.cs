using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <content>virt/kvm/kvm_main.c, its callers in mm/, and the architectures' callbacks.</content>
public static partial class KernelHistory
{
    private static IReadOnlyList<HistoricalRace> Notifiers =>
    [
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
