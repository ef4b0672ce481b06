using System.Numerics;

namespace MmuStress.Explorer;

/// <summary>A set of events of an <see cref="ExecutionGraph"/>, one bit each.</summary>
/// <remarks>Not thread-safe. Nothing is allocated unless the number of events grows.</remarks>
public sealed class EventSet
{
    private ulong[] words = [];
    private int length;

    /// <summary>The bits, 64 events a word.</summary>
    public ReadOnlySpan<ulong> Words => words.AsSpan(0, length);

    /// <summary>Whether it has no member.</summary>
    public bool IsEmpty => !Words.ContainsAnyExcept(0UL);

    /// <summary>Whether an event is a member.</summary>
    /// <param name="e">The event.</param>
    public bool this[int e] => (words[e >> 6] >> e & 1) != 0;

    /// <summary>Makes it the empty set of events 0 to <paramref name="count"/> - 1.</summary>
    /// <param name="count">How many events there are.</param>
    public void Reset(int count)
    {
        length = Relation.WordsFor(count);
        if (words.Length < length)
        {
            words = new ulong[length];
        }

        Array.Clear(words, 0, length);
    }

    /// <summary>Adds an event.</summary>
    /// <param name="e">The event.</param>
    public void Add(int e) => words[e >> 6] |= 1UL << e;

    /// <summary>The least member that is at least <paramref name="from"/>; -1 where there is none.</summary>
    /// <param name="from">Where to begin.</param>
    /// <returns>The member.</returns>
    public int Next(int from) => NextBit(Words, from);

    /// <summary>The least bit that is set and at least <paramref name="from"/>; -1 where there is none.</summary>
    /// <param name="bits">The bits.</param>
    /// <param name="from">Where to begin.</param>
    /// <returns>The bit.</returns>
    internal static int NextBit(ReadOnlySpan<ulong> bits, int from)
    {
        int word = from >> 6;
        if (word >= bits.Length)
        {
            return -1;
        }

        ulong rest = bits[word] & (~0UL << from);
        while (rest == 0)
        {
            if (++word == bits.Length)
            {
                return -1;
            }

            rest = bits[word];
        }

        return (word << 6) + BitOperations.TrailingZeroCount(rest);
    }
}
