namespace MmuStress.Mmu;

/// <summary>VMRUN that checks L1's VMCB where L1 has it, and copies it afterwards.</summary>
/// <remarks>
/// Mirrors: nested_svm_vmrun() before a58d9166a756, "KVM: SVM: load control fields from VMCB12 before checking them" (March 2021): nested_vmcb_checks(svm, vmcb12),
/// then load_nested_vmcb_control(). The fourth version of the bitmap series was written for that.
/// </remarks>
/// <param name="kvm">The VM.</param>
/// <param name="vmcb12">L1's VMCB.</param>
/// <param name="maxPhyAddr">The width of L1's physical addresses in bits.</param>
/// <param name="check">What is checked about the bitmaps' addresses.</param>
public sealed class NestedSvmCheckedInPlace(Kvm kvm, Vmcb12 vmcb12, int maxPhyAddr, NestedBitmapCheck check) : NestedSvm(kvm, vmcb12, maxPhyAddr, check)
{
    /// <inheritdoc/>
    protected override async Coroutine<bool> CheckAndLoadControls(Cpu cpu)
    {
        if (!Check(cpu, (await Vmcb12.Read(cpu)).Aligned()))
        {
            return false;
        }

        await LoadControls(cpu);
        return true;
    }
}
