namespace MmuStress.Scenarios;

/// <content>arch/x86/kvm/mmu: the TDP MMU.</content>
public static partial class KernelHistory
{
    private static IReadOnlyList<HistoricalRace> X86 =>
    [
        OfCache(
            "Z02", "a955cad84cda", "KVM: x86/mmu: Retry page fault if root is invalidated by memslot update",
            "a fault installs into a root that is invalid and has been zapped",
            new RootInvalidVsFault(isBefore: true), new RootInvalidVsFault(isBefore: false)),
        OfCache(
            "Z03", "d62007edf01f", "KVM: x86/mmu: Zap _all_ roots when unmapping gfn range in TDP MMU",
            "a notification skips invalid roots, and who zaps them later touches the freed page",
            new RootZapVsUnmap(isBefore: true), new RootZapVsUnmap(isBefore: false)),
        OfCache(
            "Z04", "3a0f64de479c", "KVM: x86/mmu: Don't advance iterator after restart due to yielding",
            "a walk that dropped mmu_lock begins again at the root and skips an entry",
            new RootZapYields(isEndless: false, isBefore: true), new RootZapYields(isEndless: false, isBefore: false)),
        OfCache(
            "Z05", "a835429cda91", "KVM: x86/mmu: Ensure TLBs are flushed when yielding during GFN range zap",
            "that a flush is needed is forgotten when mmu_lock is dropped",
            new ZapYieldsVsRead(isBefore: true), new ZapYieldsVsRead(isBefore: false)),
        OfCache(
            "Z07", "ba3a6120a4e7", "KVM: x86/mmu: Use atomic XCHG to write TDP MMU SPTEs with volatile bits",
            "an entry that the fast path has just made writable is overwritten, and the host takes the page for clean",
            new FastFaultVsZap(isBefore: true), new FastFaultVsZap(isBefore: false)),
    ];
}
