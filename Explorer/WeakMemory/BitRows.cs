using System.Numerics;
using System.Runtime.CompilerServices;

namespace MmuStress.Explorer;

/// <summary>Sets of events, one to a row, all as wide as the graph has room for events.</summary>
/// <remarks>Rows are not cleared when the graph is: whoever adds an event sets its rows.</remarks>
internal sealed class BitRows
{
    private ulong[] bits = [];
    private int stride = 1;
    private int rows;

    /// <summary>The set in row <paramref name="row"/>.</summary>
    /// <param name="row">Its number.</param>
    public Span<ulong> this[int row]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => bits.AsSpan(row * stride, stride);
    }

    /// <summary>Has a new shape, and undefined content.</summary>
    /// <param name="rowCount">How many rows.</param>
    /// <param name="words">How many 64-bit words a row has.</param>
    public void Reset(int rowCount, int words)
    {
        if (bits.Length < rowCount * words)
        {
            bits = new ulong[rowCount * words];
        }

        rows = rowCount;
        stride = words;
    }

    /// <summary>Has more and wider rows; those there were keep their content, and new words are 0.</summary>
    /// <param name="rowCount">How many rows, not fewer than before.</param>
    /// <param name="words">How many 64-bit words a row has, not fewer than before.</param>
    public void Grow(int rowCount, int words)
    {
        ulong[] old = bits;
        if (bits.Length < rowCount * words)
        {
            bits = new ulong[rowCount * words * 2];
        }

        for (int row = rows - 1; row >= 0; row--)
        {
            old.AsSpan(row * stride, stride).CopyTo(bits.AsSpan(row * words, stride));
            bits.AsSpan((row * words) + stride, words - stride).Clear();
        }

        rows = rowCount;
        stride = words;
    }

    /// <summary>Empties every row.</summary>
    public void Clear() => bits.AsSpan(0, rows * stride).Clear();

    /// <summary>Adds <paramref name="more"/> to <paramref name="set"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(Span<ulong> set, ReadOnlySpan<ulong> more)
    {
        for (int i = 0; i < more.Length; i++)
        {
            set[i] |= more[i];
        }
    }

    /// <summary>Whether the sets have an event in common.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Meet(ReadOnlySpan<ulong> a, ReadOnlySpan<ulong> b)
    {
        ulong common = 0;
        for (int i = 0; i < a.Length; i++)
        {
            common |= a[i] & b[i];
        }

        return common != 0;
    }

    /// <summary>Whether <paramref name="e"/> is in <paramref name="set"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Has(ReadOnlySpan<ulong> set, int e) => (set[e >> 6] >> (e & 63) & 1) != 0;

    /// <summary>Puts <paramref name="e"/> into <paramref name="set"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Put(Span<ulong> set, int e) => set[e >> 6] |= 1UL << (e & 63);

    /// <summary>The highest-numbered event of both sets; -1 where there is none.</summary>
    public static int LastOf(ReadOnlySpan<ulong> a, ReadOnlySpan<ulong> b)
    {
        for (int i = a.Length - 1; i >= 0; i--)
        {
            if ((a[i] & b[i]) is ulong common and not 0)
            {
                return (i << 6) + 63 - BitOperations.LeadingZeroCount(common);
            }
        }

        return -1;
    }
}
