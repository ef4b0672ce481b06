namespace MmuStress.Mmu;

/// <summary>x86 as it was before a955cad84cda: a fault does not look whether its root has become invalid.</summary>
/// <remarks>
/// Mirrors: is_page_fault_stale() before "KVM: x86/mmu: Retry page fault if root is invalidated by memslot update" (v5.16). It may install into a
/// root that has been zapped already, and nobody zaps it again.
/// </remarks>
/// <param name="kvm">The VM.</param>
internal sealed class X86WithoutRootCheck(Kvm kvm) : X86Mmu(kvm)
{
    private protected override bool IsPageFaultStale(Cpu cpu, Vcpu vcpu, KvmPageFault fault) => Kvm.MmuInvalidateRetryGfn(cpu, fault.MmuSeq, fault.Gfn);
}
