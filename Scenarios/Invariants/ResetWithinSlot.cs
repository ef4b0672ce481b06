using System.Numerics;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>Resetting the dirty rings write-protects pages of the memslot only, whatever user space has written into the entries: the kernel indexes the memslot's own arrays with them.</summary>
public sealed class ResetWithinSlot : Checker
{
    /// <inheritdoc/>
    public override void DirtyRingReset(Cpu cpu, Kvm kvm, Memslot slot, ulong offset, ulong mask)
    {
        ulong npages = slot.Peek().Gfns.Count;
        for (ulong left = mask; left != 0; left &= left - 1)
        {
            ulong page = offset + (ulong)BitOperations.TrailingZeroCount(left);
            if (page >= npages)
            {
                cpu.Fail(nameof(ResetWithinSlot), $"page {(long)page} of a memslot of {npages} pages is write-protected", "an index outside the memslot's arrays");
                return;
            }
        }
    }
}
