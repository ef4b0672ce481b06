using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>Something that an actor does, in a scenario file. What it takes besides its name is in <see cref="ScenarioFileOperations"/>.</summary>
/// <param name="Do">Its name: "unmap".</param>
public sealed record ScenarioFileOperation(string Do)
{
    /// <summary>A guest frame, or a memslot's first one; null where the operation takes none.</summary>
    public ulong? Gfn { get; init; }

    /// <summary>A host page, the first one of a range, or a memslot's first one; null where the operation takes none.</summary>
    public ulong? Page { get; init; }

    /// <summary>How many pages; null where the operation takes no number, and for 1 where it may be left out.</summary>
    public ulong? Pages { get; init; }

    /// <summary>The host page that the first one goes to; null where the operation takes none.</summary>
    public ulong? To { get; init; }

    /// <summary>The host page that is merged with the other; null where the operation takes none.</summary>
    public ulong? With { get; init; }

    /// <summary>A memslot's number; null where the operation takes none.</summary>
    public int? Slot { get; init; }

    /// <summary>A memslot's flags; null where the operation takes none, and for none where they may be left out.</summary>
    public MemslotFlags? Flags { get; init; }
}
