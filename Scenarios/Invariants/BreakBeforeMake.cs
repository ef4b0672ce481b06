using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>I15: an entry that maps a page is made to map another, or a block, only after it was invalid and the TLBs were told.</summary>
public sealed class BreakBeforeMake : Checker
{
    /// <inheritdoc/>
    public override void SetPte(Cpu cpu, Kvm kvm, Gfn gfn, LeafEntry oldPte, LeafEntry newPte)
    {
        if (oldPte.Present && newPte.Present && oldPte.Pfn != newPte.Pfn)
        {
            cpu.Fail(nameof(BreakBeforeMake), $"gfn {gfn} is made to map pfn {newPte.Pfn} while it maps pfn {oldPte.Pfn}", $"not broken before: pfn {oldPte.Pfn}");
        }
        else if (oldPte.Present && newPte.Present && oldPte.Level != newPte.Level)
        {
            cpu.Fail(nameof(BreakBeforeMake), $"gfn {gfn} is made part of an entry of level {newPte.Level} while it is mapped at level {oldPte.Level}", "not broken before: another size");
        }
    }
}
