namespace MmuStress.Mmu;

/// <summary>x86 as it was before d62007edf01f: a notification leaves roots alone that are invalid, also those that are yet to be zapped.</summary>
/// <remarks>
/// Mirrors: kvm_tdp_mmu_unmap_gfn_range() before "KVM: x86/mmu: Zap _all_ roots when unmapping gfn range in TDP MMU" (v5.18). Who zaps the root
/// afterwards tells the host's page, which is free by then, that it was written.
/// </remarks>
/// <param name="kvm">The VM.</param>
internal sealed class X86SkippingInvalidRoots(Kvm kvm) : X86Mmu(kvm)
{
    private protected override bool OnlyValidRootsAreUnmapped => true;
}
