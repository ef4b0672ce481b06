namespace MmuStress.Mmu;

/// <summary>What a last-level entry of a stage-2 page table says, in terms that no architecture owns: for checkers and for the TLB.</summary>
/// <param name="Present">Whether it maps a page at all.</param>
/// <param name="Young">Whether it has been accessed since it was last aged. Hardware refuses an old entry: on LoongArch this is the valid bit.</param>
/// <param name="Writable">Whether software may make it writable without asking the host again.</param>
/// <param name="Dirty">Whether hardware lets writes through.</param>
/// <param name="Pfn">The page it maps.</param>
public readonly record struct LeafEntry(bool Present, bool Young, bool Writable, bool Dirty, Pfn Pfn)
{
    /// <summary>The level of the table it is in: 0 for a page, more for a block.</summary>
    public byte Level { get; init; }

    /// <summary>Whether hardware lets the guest read through it.</summary>
    public bool AllowsRead => Present && Young;

    /// <summary>Whether hardware lets the guest write through it.</summary>
    public bool AllowsWrite => Present && Young && Dirty;

    /// <inheritdoc/>
    public override string ToString() =>
        Present ? $"pfn {Pfn}{(Young ? " young" : " old")}{(Writable ? " writable" : "")}{(Dirty ? " dirty" : "")}" : "none";
}
