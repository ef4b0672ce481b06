using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>Where a VM's memory is, for a scenario that says it frame by frame.</summary>
public sealed record VmLayout
{
    /// <summary>How many pages the host process has.</summary>
    public required int HostPages { get; init; }

    /// <summary>Guest frames are less than this.</summary>
    public required ulong GuestFrames { get; init; }

    /// <summary>The memslots in the beginning.</summary>
    public required IReadOnlyList<UserspaceMemoryRegion> Regions { get; init; }

    /// <summary>How many memslots there are at a time at most.</summary>
    public required int MostSlots { get; init; }

    /// <summary>The host pages that are there from the start, and what each holds.</summary>
    public required IReadOnlyList<(ulong Page, ulong Content)> Populated { get; init; }

    /// <summary>The ranges of them that are huge pages.</summary>
    public IReadOnlyList<HvaRange> Huge { get; init; } = [];
}
