namespace MmuStress.Mmu;

/// <summary>x86 as it was before ed5e484b79e8: a walk drops mmu_lock also where it has got nowhere since it did so last.</summary>
/// <remarks>Mirrors: tdp_mmu_iter_cond_resched() before "KVM: x86/mmu: Ensure forward progress when yielding in TDP MMU iter" (v5.12).</remarks>
/// <param name="kvm">The VM.</param>
internal sealed class X86YieldingAtOnce(Kvm kvm) : X86Mmu(kvm)
{
    private protected override bool MayYieldAt(TdpIter iter) => true;
}
