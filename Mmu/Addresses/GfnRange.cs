namespace MmuStress.Mmu;

/// <summary>A half-open range of guest frames.</summary>
/// <param name="Start">Its first frame.</param>
/// <param name="End">The frame after its last.</param>
public readonly record struct GfnRange(Gfn Start, Gfn End)
{
    /// <summary>Whether it holds no frame.</summary>
    public bool IsEmpty => End <= Start;

    /// <summary>How many frames it holds.</summary>
    public ulong Count => End - Start;

    /// <summary>Whether <paramref name="gfn"/> lies in the range.</summary>
    /// <param name="gfn">A frame.</param>
    /// <returns>True when it does.</returns>
    public bool Contains(Gfn gfn) => Start <= gfn && gfn < End;

    /// <inheritdoc/>
    public override string ToString() => $"[{Start}, {End})";
}
