using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>I6, strict: a write that was made before a harvest began is in that harvest.</summary>
public sealed class DirtyLogCompleteStrict : DirtyLogComplete
{
    private readonly List<Gfn> due = [];

    /// <inheritdoc/>
    public override void HarvestBegins()
    {
        due.Clear();
        due.AddRange(Unreported);
    }

    /// <inheritdoc/>
    public override void HarvestEnds(Cpu cpu, Gfn first, IReadOnlyList<ulong> bitmap)
    {
        foreach (Gfn gfn in due)
        {
            ulong offset = gfn - first;
            if ((bitmap[(int)(offset / 64)] >> (int)(offset % 64) & 1) == 0)
            {
                cpu.Fail(nameof(DirtyLogCompleteStrict), $"gfn {gfn} was written before the harvest began and is not in it", $"gfn {gfn} is missing");
                return;
            }
        }

        base.HarvestEnds(cpu, first, bitmap);
    }
}
