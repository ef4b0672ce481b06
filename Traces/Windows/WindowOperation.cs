using MmuStress.Mmu;

namespace MmuStress.Traces;

/// <summary>Something that an actor of a window does, named as in scenario files.</summary>
/// <param name="Do">Its name: "unmap".</param>
public sealed record WindowOperation(string Do)
{
    /// <summary>A guest frame, or a memslot's first one; null where the operation takes none.</summary>
    public ulong? Gfn { get; init; }

    /// <summary>A host page, the first one of a range, or a memslot's first one; null where the operation takes none.</summary>
    public ulong? Page { get; init; }

    /// <summary>How many pages; null where the operation takes no number.</summary>
    public ulong? Pages { get; init; }

    /// <summary>The host page that the first one goes to; null where the operation takes none.</summary>
    public ulong? To { get; init; }

    /// <summary>The host page that is merged with the other; null where the operation takes none.</summary>
    public ulong? With { get; init; }

    /// <summary>A memslot's number; null where the operation takes none.</summary>
    public int? Slot { get; init; }

    /// <summary>A memslot's flags; null where the operation takes none.</summary>
    public MemslotFlags? Flags { get; init; }
}
