namespace MmuStress.Mmu;

/// <summary>The ring as it was before 577a8d3bae05: the sum that says whether all pages are the memslot's wraps around.</summary>
/// <remarks>
/// Mirrors: kvm_reset_dirty_gfn() before "KVM: Reject wrapped offset in kvm_reset_dirty_gfn()" (2026). User space writes the offset of the last
/// 64-bit number and then 0: one mask, whose highest page passes and whose lowest is before the memslot.
/// </remarks>
/// <param name="machine">The machine it is on.</param>
/// <param name="index">Its vCPU's number.</param>
/// <param name="size">How many entries, a power of 2.</param>
/// <param name="reserved">How many of them are left when the vCPU must stop.</param>
public sealed class DirtyRingWithWrap(Multiprocessor machine, int index, int size, int reserved) : DirtyRing(machine, index, size, reserved)
{
    private protected override bool AreInSlot(ulong npages, ulong offset, ulong mask) => offset + ulong.Log2(mask) < npages;
}
