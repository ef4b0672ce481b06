namespace MmuStress.Mmu;

/// <summary>KVM's copy of what an L1 hypervisor asks for.</summary>
/// <remarks>Mirrors: svm->nested.ctl, struct vmcb_control_area.</remarks>
/// <param name="MsrpmBasePa">The guest physical address of the MSR bitmap.</param>
/// <param name="IopmBasePa">The guest physical address of the I/O bitmap.</param>
public readonly record struct VmcbControl(ulong MsrpmBasePa, ulong IopmBasePa)
{
    private const ulong PageMask = ~(PageSize.Bytes - 1);

    /// <summary>The copy without bits 11:0 of the addresses, which hardware ignores.</summary>
    /// <returns>The copy.</returns>
    public VmcbControl Aligned() => new(MsrpmBasePa & PageMask, IopmBasePa & PageMask);
}
