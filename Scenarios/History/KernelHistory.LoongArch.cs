namespace MmuStress.Scenarios;

/// <content>arch/loongarch/kvm: what was mended after it was merged, and what was mended between the postings.</content>
public static partial class KernelHistory
{
    private static IReadOnlyList<HistoricalRace> LoongArch =>
    [
        Between(
            "Z57a", "b5d4e2325db2", "LoongArch: KVM: Delay secondary mmu tlb flush until guest entry", "the flush of the faulting address goes to the CPU where the thread is by then",
            new VcpuMigrates(), "loongarch-v20"),
        Between(
            "Z57b", "32d4b999dade", "LoongArch: KVM: Add memory barrier before update pmd entry", "a table is linked before it is seen to be empty",
            new WalkVsPopulate(), "loongarch-v20"),
        Between(
            "Z57c", "ebf00272da5c", "LoongArch: KVM: Mark page accessed and dirty with page ref added", "the fast path uses a page after mmu_lock is dropped, without a reference",
            new FastPathVsUnmap(), "loongarch-v20"),
        Between(
            "Z58", "posted 2026-05", "KVM: Fix race conditions in kvm_arch_flush_shadow_all()", "release walks and frees tables without mmu_lock",
            new ReleaseVsUnmap(), "loongarch"),
    ];

    private static HistoricalRace Between(string id, string commit, string title, string mechanism, Scenario scenario, string before, string after = "loongarch-mended") =>
        new(id, commit, title, mechanism, scenario, scenario) { MmuBefore = before, MmuAfter = after };
}
