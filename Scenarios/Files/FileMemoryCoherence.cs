using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>I14 by host page: memslots may lead to any, and the process writes them, too.</summary>
/// <param name="memory">What the pages hold in the beginning.</param>
/// <param name="dropped">The pages that the host drops, which are not looked at.</param>
/// <param name="changesMemslots">Whether memslots change, so that which page a frame leads to must be asked.</param>
internal sealed class FileMemoryCoherence(FileMemory memory, HashSet<ulong> dropped, bool changesMemslots) : GuestMemoryCoherence, IHostTracepoints
{
    /// <inheritdoc/>
    public void PageAccessed(Cpu cpu, HostMm mm, Hva hva, bool write)
    {
        if (write && cpu.Machine is not NativeMachine)
        {
            var place = new Gfn(hva.Page);
            Remembers(place);
            Written(place, mm.Memory.FrameAt(mm.Peek(hva).Pfn).Content.Peek);
        }
    }

    /// <inheritdoc/>
    protected override ulong InitialAt(Gfn place) => memory.ContentOf(place.Value);

    /// <inheritdoc/>
    protected override Gfn? PlaceOf(Kvm kvm, Gfn gfn)
    {
        ulong? page = changesMemslots ? PageOf(kvm, gfn) : memory.PageAt(gfn.Value);
        return page is { } place && !dropped.Contains(place) ? new Gfn(place) : null;
    }

    // Also by a memslot that is INVALID: until it is zapped the guest uses what was mapped.
    private static ulong? PageOf(Kvm kvm, Gfn gfn)
    {
        if (kvm.PeekMemslot(gfn) is not { } slot)
        {
            return null;
        }

        (_, GfnRange gfns, Hva start, _) = slot.Peek();
        return start.Page + (gfn - gfns.Start);
    }
}
