namespace MmuStress.Mmu;

/// <content>What checkers look at: read by nobody, no step, no race.</content>
public sealed partial class Kvm
{
    /// <summary>The memslot that holds <paramref name="gfn"/> by the active set, one that is INVALID included.</summary>
    /// <param name="gfn">The frame.</param>
    /// <param name="addressSpace">The address space.</param>
    /// <returns>The memslot; null where there is none.</returns>
    public Memslot? PeekMemslot(Gfn gfn, int addressSpace = 0) => PeekMemslots(addressSpace).PeekMemslot(gfn);

    /// <summary>Where the host has the page of <paramref name="gfn"/>.</summary>
    /// <param name="gfn">The frame.</param>
    /// <returns>The address; null where no memslot holds the frame, or one that is INVALID.</returns>
    public Hva? PeekHva(Gfn gfn)
    {
        if (PeekMemslot(gfn) is not { } slot)
        {
            return null;
        }

        (_, GfnRange gfns, Hva userspaceAddr, MemslotFlags flags) = slot.Peek();
        return (flags & MemslotFlags.Invalid) != MemslotFlags.None ? null : userspaceAddr + ((gfn - gfns.Start) << PageSize.Shift);
    }

    /// <summary>The stage-2 entry of <paramref name="gfn"/>.</summary>
    /// <param name="gfn">The frame.</param>
    /// <returns>What it says; nothing where a table is missing.</returns>
    public LeafEntry PeekLeaf(Gfn gfn)
    {
        if (Arch.Roots.Count == 0)
        {
            return default;
        }

        Page? table = Arch.RootFor(gfn);
        for (int level = Arch.Geometry.RootLevel; level > 0; level--)
        {
            ulong entry = table.Words[Arch.Geometry.IndexOf(gfn, level)];
            if (!Arch.TryDecodeTable(entry, level, out ulong frame))
            {
                return Arch.DecodeLeaf(entry, level, gfn);
            }

            table = Machine.Memory.PageAt(frame);
            if (table is null || table.IsFreed)
            {
                return default;
            }
        }

        return Arch.DecodeLeaf(table.Words[Arch.Geometry.IndexOf(gfn, 0)], 0, gfn);
    }
}
