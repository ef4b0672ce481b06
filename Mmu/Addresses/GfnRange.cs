namespace MmuStress.Mmu;

/// <summary>The guest frames from <paramref name="Start"/> up to but without <paramref name="End"/>.</summary>
/// <param name="Start">The first frame.</param>
/// <param name="End">The first frame behind it.</param>
public readonly record struct GfnRange(Gfn Start, Gfn End)
{
    /// <summary>Whether it holds no frame.</summary>
    public bool IsEmpty => Start >= End;

    /// <summary>How many frames it holds.</summary>
    public ulong Count => IsEmpty ? 0 : End - Start;

    /// <summary>Whether <paramref name="gfn"/> lies in it.</summary>
    /// <returns>True when it does.</returns>
    public bool Contains(Gfn gfn) => gfn >= Start && gfn < End;

    /// <inheritdoc/>
    public override string ToString() => $"[{Start}, {End})";
}
