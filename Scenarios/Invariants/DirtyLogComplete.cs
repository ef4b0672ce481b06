using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>I6, for a quiet guest: a write is in a harvest that ends after it, at the latest in the one after every vCPU has stopped.</summary>
/// <remarks>
/// A harvest covers all that was written before it returned, since its reader copies the pages afterwards. The strict form, which
/// <see cref="DirtyLogCompleteStrict"/> adds, asks for more than x86 and the merged LoongArch give. Looked at where a memslot tracks
/// writes, from when it has begun until it ends. Free-running as well: a write is known here before its vCPU leaves the guest, and a harvest
/// that write-protects waits for that.
/// </remarks>
public class DirtyLogComplete : Checker
{
    // Guarded by itself: free-running, several vCPUs write at a time.
    private readonly HashSet<Gfn> unreported = [];

    /// <inheritdoc/>
    public override void GuestStored(Cpu cpu, Vcpu vcpu, Gfn gfn, Frame frame, ulong value)
    {
        ulong index = HoldMemslots(cpu, vcpu.Kvm);
        if (vcpu.Kvm.PeekMemslot(gfn) is { } slot && (slot.Peek().Flags & MemslotFlags.LogDirtyPages) != MemslotFlags.None)
        {
            Remembers(gfn);
            lock (unreported)
            {
                unreported.Add(gfn);
            }
        }

        LetGoOfMemslots(cpu, vcpu.Kvm, index);
    }

    /// <inheritdoc/>
    /// <remarks>What was written before writes were tracked is in no harvest, and what was not harvested before that ended is lost.</remarks>
    public override void MemslotCommitted(Cpu cpu, Kvm kvm, MemslotChange change, Memslot? old, Memslot? @new)
    {
        if (old is not null)
        {
            GfnRange gfns = old.Peek().Gfns;
            Remembers(gfns);
            lock (unreported)
            {
                unreported.RemoveWhere(gfns.Contains);
            }
        }
    }

    /// <summary>A harvest begins.</summary>
    /// <param name="slot">The memslot's frames.</param>
    public virtual void HarvestBegins(GfnRange slot)
    {
    }

    /// <summary>A harvest has returned.</summary>
    /// <param name="cpu">The harvester.</param>
    /// <param name="slot">The memslot's frames.</param>
    /// <param name="bitmap">What it reported, bit 0 for the memslot's first frame.</param>
    public virtual void HarvestEnds(Cpu cpu, GfnRange slot, IReadOnlyList<ulong> bitmap)
    {
        Remembers(slot);
        lock (unreported)
        {
            unreported.RemoveWhere(gfn => slot.Contains(gfn) && IsSet(bitmap, gfn - slot.Start));
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

    /// <summary>Whether a bit is set.</summary>
    /// <param name="bitmap">64 pages a word.</param>
    /// <param name="page">Which page.</param>
    /// <returns>True when it is.</returns>
    protected static bool IsSet(IReadOnlyList<ulong> bitmap, ulong page) => (bitmap[(int)(page / 64)] >> (int)(page % 64) & 1) != 0;

    /// <summary>The pages of a memslot that were written and not reported since.</summary>
    /// <param name="slot">The memslot's frames.</param>
    /// <returns>The pages.</returns>
    protected IReadOnlyList<Gfn> UnreportedIn(GfnRange slot)
    {
        Remembers(slot);
        lock (unreported)
        {
            return unreported.Where(slot.Contains).ToList();
        }
    }
}
