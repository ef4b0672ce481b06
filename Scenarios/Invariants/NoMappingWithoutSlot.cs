using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>I8: no stage-2 entry is set, or left, for a guest frame whose memslot is gone.</summary>
/// <remarks>That no memslot is used after it was freed is looked at by the machine itself (SlotLifetime).</remarks>
public sealed class NoMappingWithoutSlot : Checker
{
    /// <inheritdoc/>
    public override void SetPte(Cpu cpu, Kvm kvm, Gfn gfn, LeafEntry oldPte, LeafEntry newPte)
    {
        if (newPte.Present && kvm.PeekMemslot(gfn) is null)
        {
            cpu.Fail(nameof(NoMappingWithoutSlot), $"gfn {gfn} is mapped to pfn {newPte.Pfn}, but has no memslot", "its memslot is gone");
        }
    }

    /// <inheritdoc/>
    public override void MemslotCommitted(Cpu cpu, Kvm kvm, MemslotChange change, Memslot? old, Memslot? @new)
    {
        if (old is null)
        {
            return;
        }

        GfnRange gfns = old.Peek().Gfns;
        for (Gfn gfn = gfns.Start; gfn < gfns.End; gfn = gfn.Next)
        {
            if (kvm.PeekMemslot(gfn) is null && kvm.PeekLeaf(gfn).Present)
            {
                cpu.Fail(nameof(NoMappingWithoutSlot), $"gfn {gfn} is still mapped to pfn {kvm.PeekLeaf(gfn).Pfn} after {change} of its memslot", "left behind");
                return;
            }
        }
    }
}
