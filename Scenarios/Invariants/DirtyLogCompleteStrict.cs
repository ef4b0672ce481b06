using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>I6, strict: a write that was made before a harvest began is in that harvest.</summary>
public sealed class DirtyLogCompleteStrict : DirtyLogComplete
{
    private IReadOnlyList<Gfn> due = [];

    /// <inheritdoc/>
    public override void HarvestBegins(GfnRange slot) => due = UnreportedIn(slot);

    /// <inheritdoc/>
    public override void HarvestEnds(Cpu cpu, GfnRange slot, IReadOnlyList<ulong> bitmap)
    {
        foreach (Gfn gfn in due)
        {
            if (!IsSet(bitmap, gfn - slot.Start))
            {
                cpu.Fail(nameof(DirtyLogCompleteStrict), $"gfn {gfn} was written before the harvest began and is not in it", $"gfn {gfn} is missing");
                return;
            }
        }

        base.HarvestEnds(cpu, slot, bitmap);
    }
}
