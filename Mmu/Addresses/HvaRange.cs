namespace MmuStress.Mmu;

/// <summary>The host virtual addresses from <paramref name="Start"/> up to but without <paramref name="End"/>.</summary>
/// <param name="Start">The first address.</param>
/// <param name="End">The first address behind it.</param>
public readonly record struct HvaRange(Hva Start, Hva End)
{
    /// <summary>Whether it holds no address.</summary>
    public bool IsEmpty => Start >= End;

    /// <summary>The pages from number <paramref name="first"/> up to but without number <paramref name="end"/>.</summary>
    /// <returns>The range.</returns>
    public static HvaRange OfPages(ulong first, ulong end) => new(Hva.OfPage(first), Hva.OfPage(end));

    /// <summary>The one page that <paramref name="hva"/> lies in.</summary>
    /// <returns>The range.</returns>
    public static HvaRange OfPageAt(Hva hva) => OfPages(hva.Page, hva.Page + 1);

    /// <summary>Whether <paramref name="hva"/> lies in it.</summary>
    /// <returns>True when it does.</returns>
    public bool Contains(Hva hva) => hva >= Start && hva < End;

    /// <summary>The page numbers, as the diagrams show them: <c>[1, 2)</c>.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"[{Start.Page}, {End.Page})";
}
