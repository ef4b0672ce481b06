using static MmuStress.Mmu.SvmBitmaps;

namespace MmuStress.Mmu;

/// <summary>What VMRUN of a nested guest checks about the addresses of its permission bitmaps.</summary>
/// <remarks>Mirrors: nested_vmcb_check_controls(), arch/x86/kvm/svm/nested.c.</remarks>
public abstract class NestedBitmapCheck
{
    /// <summary>Before the series: nothing.</summary>
    public static NestedBitmapCheck Before { get; } = new Unchecked();

    /// <summary>As posted in v6, 1 April 2021: the address of the last byte, which wraps around.</summary>
    public static NestedBitmapCheck Posted { get; } = new V6();

    /// <summary>As merged, ee695f22b54a: the first byte as well.</summary>
    public static NestedBitmapCheck Merged { get; } = new AsMerged();

    /// <summary>nested_vmcb_check_controls(), as far as the bitmaps go.</summary>
    /// <param name="maxPhyAddr">The width of the guest's physical addresses in bits.</param>
    /// <param name="control">What L1 asks for.</param>
    /// <returns>Whether the nested guest may be entered.</returns>
    public abstract bool CheckControls(int maxPhyAddr, VmcbControl control);

    private sealed class Unchecked : NestedBitmapCheck
    {
        public override bool CheckControls(int maxPhyAddr, VmcbControl control) => true;
    }

    private sealed class V6 : NestedBitmapCheck
    {
        // The series sizes the I/O bitmap so that its last byte is the first of its third page: of an aligned table that page is legal or not as a whole.
        private const uint IopmSizeInV6 = IopmSize - (uint)PageSize.Bytes + 1;

        public override bool CheckControls(int maxPhyAddr, VmcbControl control) =>
            CheckBitmapPa(maxPhyAddr, control.MsrpmBasePa, MsrpmSize) && CheckBitmapPa(maxPhyAddr, control.IopmBasePa, IopmSizeInV6);

        // nested_svm_check_bitmap_pa().
        private static bool CheckBitmapPa(int maxPhyAddr, ulong pa, uint size)
        {
            ulong lastPa = unchecked(PageAlign(pa) + size - 1);
            return IsLegalGpa(maxPhyAddr, lastPa);
        }
    }

    private sealed class AsMerged : NestedBitmapCheck
    {
        public override bool CheckControls(int maxPhyAddr, VmcbControl control) =>
            CheckBitmapPa(maxPhyAddr, control.MsrpmBasePa, MsrpmSize) && CheckBitmapPa(maxPhyAddr, control.IopmBasePa, IopmSize);

        // nested_svm_check_bitmap_pa().
        private static bool CheckBitmapPa(int maxPhyAddr, ulong pa, uint size)
        {
            ulong addr = PageAlign(pa);
            return IsLegalGpa(maxPhyAddr, addr) && IsLegalGpa(maxPhyAddr, unchecked(addr + size - 1));
        }
    }
}
