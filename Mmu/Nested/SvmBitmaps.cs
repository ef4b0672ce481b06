namespace MmuStress.Mmu;

/// <summary>The permission bitmaps by which an L1 hypervisor says which MSR and I/O accesses of its guest it wants to see.</summary>
/// <remarks>Mirrors: arch/x86/kvm/svm/svm.h, "KVM: SVM: Define actual size of IOPM and MSRPM tables" (posted 1 April 2021, v6; merged as 47903dc10e7e).</remarks>
public static class SvmBitmaps
{
    /// <summary>MSRPM_SIZE: 2 pages.</summary>
    public const uint MsrpmSize = MsrpmPages * (uint)PageSize.Bytes;

    /// <summary>IOPM_SIZE: 3 pages.</summary>
    public const uint IopmSize = 3 * (uint)PageSize.Bytes;

    /// <summary>How many pages the MSR bitmap has.</summary>
    public const int MsrpmPages = 2;

    /// <summary>PAGE_ALIGN(): rounds up to a page, and from the last page of all to 0.</summary>
    /// <param name="address">The address.</param>
    /// <returns>The address of a page.</returns>
    public static ulong PageAlign(ulong address) => unchecked(address + PageSize.Bytes - 1) & ~(PageSize.Bytes - 1);

    /// <summary>kvm_vcpu_is_legal_gpa(): whether an address has no bit that the guest's physical addresses do not have.</summary>
    /// <param name="maxPhyAddr">How many bits they have, 1 to 63.</param>
    /// <param name="gpa">The address.</param>
    /// <returns>Whether it is legal.</returns>
    public static bool IsLegalGpa(int maxPhyAddr, ulong gpa) => gpa >> maxPhyAddr == 0;
}
