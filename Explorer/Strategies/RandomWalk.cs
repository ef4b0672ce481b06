namespace MmuStress.Explorer;

/// <summary>The baseline: at each step every CPU that can run is equally likely.</summary>
/// <param name="seed">The user's seed.</param>
public sealed class RandomWalk(ulong seed) : IStrategy
{
    private SplitMix64 random;

    /// <inheritdoc/>
    public bool Begin(long index)
    {
        random = SplitMix64.For(seed, index);
        return true;
    }

    /// <inheritdoc/>
    public int Next(ExploredMachine machine, ulong enabled, int current, bool yields) =>
        random.NextBit(yields && current >= 0 ? enabled & ~(1UL << current) : enabled);

    /// <inheritdoc/>
    public int Choose(ExploredMachine machine, int alternatives) => random.Next(alternatives);
}
