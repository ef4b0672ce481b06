namespace MmuStress.Traces;

/// <summary>Which entry of the page tables of a root: address space, frame, level.</summary>
/// <param name="Value">All in one number.</param>
internal readonly record struct SpteKey(ulong Value)
{
    private const int LevelBits = 3;
    private const int SpaceBits = 1;
    private const int FrameBitsPerLevel = 9;

    /// <summary>The entry that maps <paramref name="gfn"/> at <paramref name="level"/>.</summary>
    public static SpteKey Of(ulong space, ulong gfn, int level) =>
        new((((gfn & ~((1UL << (FrameBitsPerLevel * (level - 1))) - 1)) << SpaceBits | (space & 1)) << LevelBits) | (uint)level);

    /// <summary>1 for 4K, 2 for 2M, ...</summary>
    public int Level => (int)(Value & ((1 << LevelBits) - 1));

    /// <summary>The address space: 1 is that of system management mode.</summary>
    public ulong Space => (Value >> LevelBits) & ((1 << SpaceBits) - 1);

    /// <summary>The first frame that it maps.</summary>
    public ulong Gfn => Value >> (LevelBits + SpaceBits);

    /// <summary>Behind the last frame that it maps.</summary>
    public ulong End => Gfn + (1UL << (FrameBitsPerLevel * (Level - 1)));
}
