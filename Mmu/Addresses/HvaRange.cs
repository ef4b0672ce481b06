namespace MmuStress.Mmu;

/// <summary>A half-open range of host virtual addresses.</summary>
/// <param name="Start">Its first address.</param>
/// <param name="End">The address after its last.</param>
public readonly record struct HvaRange(Hva Start, Hva End)
{
    /// <summary>Whether it holds no address.</summary>
    public bool IsEmpty => End <= Start;

    /// <summary>The pages from <paramref name="first"/> on.</summary>
    /// <param name="first">The number of the first page.</param>
    /// <param name="count">How many pages.</param>
    /// <returns>The range.</returns>
    public static HvaRange OfPages(ulong first, ulong count) => new(Hva.OfPage(first), Hva.OfPage(first + count));

    /// <summary>Whether <paramref name="hva"/> lies in the range.</summary>
    /// <param name="hva">An address.</param>
    /// <returns>True when it does.</returns>
    public bool Contains(Hva hva) => Start <= hva && hva < End;

    /// <inheritdoc/>
    public override string ToString() => $"[{Start}, {End})";
}
