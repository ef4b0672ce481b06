using System.Numerics;

namespace MmuStress.Traces;

/// <summary>A distribution of times in constant memory: 16 buckets for each power of two, so that a percentile is at most 7 % off.</summary>
public sealed class LogHistogram
{
    private const int SubBits = 4;
    private readonly int[] buckets = new int[64 << SubBits];

    /// <summary>How many values there are.</summary>
    public long Count { get; private set; }

    /// <summary>The largest value.</summary>
    public long Largest { get; private set; }

    /// <summary>Adds a value; a negative one counts as 0.</summary>
    /// <param name="value">The value.</param>
    public void Add(long value)
    {
        value = Math.Max(value, 0);
        buckets[IndexOf(value)]++;
        Count++;
        Largest = Math.Max(Largest, value);
    }

    /// <summary>Adds all values of another one.</summary>
    /// <param name="other">The other one.</param>
    public void Add(LogHistogram other)
    {
        for (int i = 0; i < buckets.Length; i++)
        {
            buckets[i] += other.buckets[i];
        }

        Count += other.Count;
        Largest = Math.Max(Largest, other.Largest);
    }

    /// <summary>The value that a share of all values does not exceed.</summary>
    /// <param name="share">The share, from 0 to 1.</param>
    /// <returns>The upper edge of its bucket; 0 where there is no value.</returns>
    public long Percentile(double share)
    {
        long wanted = (long)Math.Ceiling(share * Count);
        long seen = 0;
        for (int i = 0; i < buckets.Length && wanted > 0; i++)
        {
            seen += buckets[i];
            if (seen >= wanted)
            {
                return Math.Min(UpperEdge(i), Largest);
            }
        }

        return 0;
    }

    private static int IndexOf(long value)
    {
        if (value < 1 << SubBits)
        {
            return (int)value;
        }

        int shift = BitOperations.Log2((ulong)value) - SubBits;
        return ((shift + 1) << SubBits) + (int)((value >> shift) & ((1 << SubBits) - 1));
    }

    private static long UpperEdge(int index)
    {
        int shift = (index >> SubBits) - 1;
        return shift < 0 ? index : ((((1L << SubBits) | (uint)(index & ((1 << SubBits) - 1))) + 1) << shift) - 1;
    }
}
