namespace MmuStress.Traces;

/// <summary>An invalidation in an episode.</summary>
/// <param name="Line">Of its kvm_unmap_hva_range.</param>
/// <param name="Start">The first host virtual address.</param>
/// <param name="End">Behind the last.</param>
/// <param name="Frames">The guest frames of it; null where the memslots are not known.</param>
internal sealed record EpisodeInvalidation(long Line, ulong Start, ulong End, IReadOnlyList<(ulong First, ulong End)>? Frames)
{
    /// <summary>Whether the frame with this host virtual address is surely of it, so that faults there must be tried again.</summary>
    public bool Covers(ulong hva) => Frames is not null && hva != 0 && Start <= hva && hva < End;
}
