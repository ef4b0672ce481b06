using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>I6, for a quiet guest: a write is in a harvest that ends after it, at the latest in the one after every vCPU has stopped.</summary>
/// <remarks>
/// A harvest covers all that was written before it returned, since its reader copies the pages afterwards. The strict form, which
/// <see cref="DirtyLogCompleteStrict"/> adds, asks for more than x86 and LoongArch give.
/// </remarks>
public class DirtyLogComplete : Checker
{
    private readonly HashSet<Gfn> unreported = [];

    /// <summary>The pages that were written and not reported since.</summary>
    protected IReadOnlyCollection<Gfn> Unreported => unreported;

    /// <inheritdoc/>
    public override void GuestStored(Cpu cpu, Vcpu vcpu, Gfn gfn, Frame frame, ulong value) => unreported.Add(gfn);

    /// <summary>A harvest begins.</summary>
    public virtual void HarvestBegins()
    {
    }

    /// <summary>A harvest has returned.</summary>
    /// <param name="cpu">The harvester.</param>
    /// <param name="first">The memslot's first frame.</param>
    /// <param name="bitmap">What it reported.</param>
    public virtual void HarvestEnds(Cpu cpu, Gfn first, IReadOnlyList<ulong> bitmap)
    {
        for (int i = 0; i < bitmap.Count * 64; i++)
        {
            if ((bitmap[i / 64] >> (i % 64) & 1) != 0)
            {
                unreported.Remove(first + (ulong)i);
            }
        }
    }

    /// <inheritdoc/>
    public override void AtEnd(Kvm kvm)
    {
        foreach (Gfn gfn in unreported)
        {
            kvm.Machine.Report(
                new Violation(Name, $"gfn {gfn} was written and is in no harvest, the last one after every vCPU had stopped", "a write is lost"),
                null);
            return;
        }
    }
}
