namespace MmuStress.Mmu;

/// <summary>x86 as it was before a835429cda91: what was zapped is not flushed before mmu_lock is dropped, and then it is forgotten.</summary>
/// <remarks>
/// Mirrors: zap_gfn_range() before "KVM: x86/mmu: Ensure TLBs are flushed when yielding during GFN range zap" (v5.12).
/// Differs: there the flush was lost that was pending from another root; here it is that of the root in hand.
/// </remarks>
/// <param name="kvm">The VM.</param>
internal sealed class X86YieldingWithoutFlush(Kvm kvm) : X86Mmu(kvm)
{
    private protected override Coroutine BeforeYield(Cpu cpu, bool flush) => Coroutine.Completed;
}
