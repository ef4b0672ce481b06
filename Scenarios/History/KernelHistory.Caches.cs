namespace MmuStress.Scenarios;

/// <content>virt/kvm: what is kept from one use of guest memory to the next, and who is told when it is void.</content>
public static partial class KernelHistory
{
    private static IReadOnlyList<HistoricalRace> Caches =>
    [
        OfCache(
            "Z14", "93984f19e7bc", "KVM: Fully serialize gfn=>pfn cache refresh via mutex",
            "a refresh drops gpc->lock, another one for another address completes, and the first stores its page beside that address",
            new GpcRefreshVsRefresh(isBefore: true), new GpcRefreshVsRefresh()),
        OfCache(
            "Z15", "ecbcf030b456", "KVM: Reject attempts to consume or refresh inactive gfn_to_pfn_cache",
            "a cache that has left kvm->gpc_list is made valid, and no notification finds it",
            new GpcDeactivateVsRefresh(isBefore: true), new GpcDeactivateVsRefresh()),
        OfCache(
            "Z16", "52491a38b2c2", "KVM: Initialize gfn_to_pfn_cache locks in dedicated helper",
            "activating a cache initialises gpc->lock while somebody holds it",
            new GpcActivateVsUse(isBefore: true), new GpcActivateVsUse()),
        OfCache(
            "Z19", "ee3d1570b586", "kvm: fix potentially corrupt mmio cache",
            "a decision by the old memslots is tagged with the generation of the new ones",
            new MmioGeneration(isBefore: true), new MmioGeneration(isBefore: false)),
        OfCache(
            "Z54", "577a8d3bae05", "KVM: Reject wrapped offset in kvm_reset_dirty_gfn()",
            "user space rewrites an entry of the dirty ring, and the sum that is compared with the memslot's size wraps around",
            new DirtyRingWrap(isBefore: true), new DirtyRingWrap()),
        OfCache(
            "Z63", "8929bc965964", "KVM: Use acquire/release semantics when accessing dirty ring GFN state",
            "an entry of the dirty ring is read before the flags that say that it is filled in",
            new DirtyRingFlags(isBefore: true), new DirtyRingFlags()),
    ];

    private static HistoricalRace OfCache(string id, string commit, string title, string mechanism, Scenario before, Scenario after) =>
        new(id, commit, title, mechanism, before, after) { MmuBefore = before.Expectations[0].Mmu, MmuAfter = after.Expectations[0].Mmu };
}
