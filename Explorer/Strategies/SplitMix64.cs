using System.Numerics;
using System.Runtime.Intrinsics.X86;

namespace MmuStress.Explorer;

/// <summary>A pseudo-random generator that is the same on every machine and framework version, so that seeds stay meaningful.</summary>
/// <remarks>Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).</remarks>
/// <param name="seed">Where it starts.</param>
public struct SplitMix64(ulong seed)
{
    private ulong state = seed;

    /// <summary>The generator of schedule <paramref name="index"/> under <paramref name="seed"/>.</summary>
    /// <param name="seed">The user's seed.</param>
    /// <param name="index">The schedule's number.</param>
    /// <returns>A generator.</returns>
    public static SplitMix64 For(ulong seed, long index)
    {
        var first = new SplitMix64(seed);
        return new SplitMix64(first.Next() ^ ((ulong)index * 0xD1342543DE82EF95));
    }

    /// <summary>64 random bits.</summary>
    /// <returns>The bits.</returns>
    public ulong Next()
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A number below <paramref name="limit"/>.</summary>
    /// <param name="limit">At least 1.</param>
    /// <returns>The number, from 0.</returns>
    public int Next(int limit) => (int)(((Next() >> 32) * (ulong)limit) >> 32);

    /// <summary>The position of one of the bits that are set in <paramref name="mask"/>.</summary>
    /// <param name="mask">At least one bit.</param>
    /// <returns>The position.</returns>
    public int NextBit(ulong mask)
    {
        int skip = Next(BitOperations.PopCount(mask));
        if (Bmi2.X64.IsSupported)
        {
            return BitOperations.TrailingZeroCount(Bmi2.X64.ParallelBitDeposit(1UL << skip, mask)); // no branch that nobody can predict
        }

        for (; skip > 0; skip--)
        {
            mask &= mask - 1;
        }

        return BitOperations.TrailingZeroCount(mask);
    }
}
