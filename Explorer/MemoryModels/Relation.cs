using System.Numerics;

namespace MmuStress.Explorer;

/// <summary>A relation between the events of an <see cref="ExecutionGraph"/>: a bit matrix, one row for each event.</summary>
/// <remarks>
/// The names are those of the cat language: composition is its ";", inverse its "^-1". Relations that are combined have
/// the same number of events. Not thread-safe. Nothing is allocated unless the number of events grows.
/// </remarks>
public sealed class Relation
{
    private ulong[] bits = [];
    private ulong[] scratch = [];
    private int count;
    private int stride;

    /// <summary>How many events it relates.</summary>
    public int Count => count;

    /// <summary>Whether it relates nothing.</summary>
    public bool IsEmpty => !Bits.ContainsAnyExcept(0UL);

    /// <summary>Whether it relates no event to itself.</summary>
    public bool IsIrreflexive
    {
        get
        {
            for (int e = 0; e < count; e++)
            {
                if (this[e, e])
                {
                    return false;
                }
            }

            return true;
        }
    }

    private Span<ulong> Bits => bits.AsSpan(0, count * stride);

    /// <summary>Whether two events are related.</summary>
    /// <param name="a">The first.</param>
    /// <param name="b">The second.</param>
    public bool this[int a, int b] => (bits[(a * stride) + (b >> 6)] >> b & 1) != 0;

    /// <summary>How many words a row of <paramref name="count"/> bits has.</summary>
    /// <param name="count">Bits.</param>
    /// <returns>Words.</returns>
    public static int WordsFor(int count) => (count + 63) >> 6;

    /// <summary>Makes it the empty relation on <paramref name="events"/> events.</summary>
    /// <param name="events">How many.</param>
    public void Reset(int events)
    {
        count = events;
        stride = WordsFor(events);
        if (bits.Length < count * stride)
        {
            bits = new ulong[count * stride];
            return;
        }

        Array.Clear(bits, 0, count * stride);
    }

    /// <summary>Relates nothing any more.</summary>
    public void Clear() => Bits.Clear();

    /// <summary>What an event is related to.</summary>
    /// <param name="a">The event.</param>
    /// <returns>Its row.</returns>
    public Span<ulong> Row(int a) => bits.AsSpan(a * stride, stride);

    /// <summary>Relates two events.</summary>
    /// <param name="a">The first.</param>
    /// <param name="b">The second.</param>
    public void Add(int a, int b) => bits[(a * stride) + (b >> 6)] |= 1UL << b;

    /// <summary>Relates an event to the members of a row.</summary>
    /// <param name="a">The event.</param>
    /// <param name="row">The row.</param>
    public void AddRow(int a, ReadOnlySpan<ulong> row)
    {
        Span<ulong> own = Row(a);
        for (int w = 0; w < own.Length; w++)
        {
            own[w] |= row[w];
        }
    }

    /// <summary>Relates an event to those members of a row that are in a set.</summary>
    /// <param name="a">The event.</param>
    /// <param name="row">The row.</param>
    /// <param name="range">The set.</param>
    public void AddRow(int a, ReadOnlySpan<ulong> row, EventSet range)
    {
        Span<ulong> own = Row(a);
        ReadOnlySpan<ulong> kept = range.Words;
        for (int w = 0; w < own.Length; w++)
        {
            own[w] |= row[w] & kept[w];
        }
    }

    /// <summary>Relates each event to itself: r becomes r?.</summary>
    public void AddIdentity()
    {
        for (int e = 0; e < count; e++)
        {
            Add(e, e);
        }
    }

    /// <summary>Relates each member of a set to itself: r becomes r | [s].</summary>
    /// <param name="set">The set.</param>
    public void AddIdentity(EventSet set)
    {
        for (int e = set.Next(0); e >= 0; e = set.Next(e + 1))
        {
            Add(e, e);
        }
    }

    /// <summary>Relates no event to itself any more: r becomes r \ id.</summary>
    public void RemoveIdentity()
    {
        for (int e = 0; e < count; e++)
        {
            bits[(e * stride) + (e >> 6)] &= ~(1UL << e);
        }
    }

    /// <summary>Becomes equal to another.</summary>
    /// <param name="other">The other.</param>
    public void CopyFrom(Relation other)
    {
        if (count != other.count)
        {
            Reset(other.count);
        }

        other.Bits.CopyTo(Bits);
    }

    /// <summary>Becomes this | other.</summary>
    /// <param name="other">The other.</param>
    public void UnionWith(Relation other)
    {
        Span<ulong> own = Bits;
        ReadOnlySpan<ulong> added = other.Bits;
        for (int w = 0; w < own.Length; w++)
        {
            own[w] |= added[w];
        }
    }

    /// <summary>Becomes this &amp; other.</summary>
    /// <param name="other">The other.</param>
    public void IntersectWith(Relation other)
    {
        Span<ulong> own = Bits;
        ReadOnlySpan<ulong> kept = other.Bits;
        for (int w = 0; w < own.Length; w++)
        {
            own[w] &= kept[w];
        }
    }

    /// <summary>Becomes this | (first &amp; second).</summary>
    /// <param name="first">The one.</param>
    /// <param name="second">The other.</param>
    public void AddIntersection(Relation first, Relation second)
    {
        Span<ulong> own = Bits;
        ReadOnlySpan<ulong> left = first.Bits;
        ReadOnlySpan<ulong> right = second.Bits;
        for (int w = 0; w < own.Length; w++)
        {
            own[w] |= left[w] & right[w];
        }
    }

    /// <summary>Becomes this \ other.</summary>
    /// <param name="other">The other.</param>
    public void Subtract(Relation other)
    {
        Span<ulong> own = Bits;
        ReadOnlySpan<ulong> removed = other.Bits;
        for (int w = 0; w < own.Length; w++)
        {
            own[w] &= ~removed[w];
        }
    }

    /// <summary>Becomes [s] ; this.</summary>
    /// <param name="domain">s.</param>
    public void RestrictDomain(EventSet domain)
    {
        for (int e = 0; e < count; e++)
        {
            if (!domain[e])
            {
                Row(e).Clear();
            }
        }
    }

    /// <summary>Becomes this ; [s].</summary>
    /// <param name="range">s.</param>
    public void RestrictRange(EventSet range)
    {
        ReadOnlySpan<ulong> kept = range.Words;
        for (int e = 0; e < count; e++)
        {
            Span<ulong> row = Row(e);
            for (int w = 0; w < row.Length; w++)
            {
                row[w] &= kept[w];
            }
        }
    }

    /// <summary>Becomes first ; second.</summary>
    /// <param name="first">The left one; not this.</param>
    /// <param name="second">The right one; not this.</param>
    public void SetComposition(Relation first, Relation second)
    {
        Reset(first.count);
        AddComposition(first, second);
    }

    /// <summary>Becomes this | (first ; second).</summary>
    /// <param name="first">The left one; not this.</param>
    /// <param name="second">The right one; not this.</param>
    public void AddComposition(Relation first, Relation second)
    {
        if (stride == 1)
        {
            ulong[] left = first.bits;
            ulong[] right = second.bits;
            for (int e = 0; e < count; e++)
            {
                ulong sum = bits[e];
                for (ulong rest = left[e]; rest != 0; rest &= rest - 1)
                {
                    sum |= right[BitOperations.TrailingZeroCount(rest)];
                }

                bits[e] = sum;
            }

            return;
        }

        for (int e = 0; e < count; e++)
        {
            second.AddImage(first.Row(e), Row(e));
        }
    }

    /// <summary>Adds to a set what its members, or those of another, are related to.</summary>
    /// <param name="from">The members.</param>
    /// <param name="to">What is added to; may not be <paramref name="from"/>.</param>
    public void AddImage(ReadOnlySpan<ulong> from, Span<ulong> to)
    {
        for (int w = 0; w < from.Length; w++)
        {
            for (ulong rest = from[w]; rest != 0; rest &= rest - 1)
            {
                ReadOnlySpan<ulong> row = Row((w << 6) + BitOperations.TrailingZeroCount(rest));
                for (int v = 0; v < row.Length; v++)
                {
                    to[v] |= row[v];
                }
            }
        }
    }

    /// <summary>Becomes the inverse of another.</summary>
    /// <param name="other">The other; not this.</param>
    public void SetInverse(Relation other)
    {
        Reset(other.count);
        for (int e = 0; e < count; e++)
        {
            ReadOnlySpan<ulong> row = other.Row(e);
            for (int w = 0; w < row.Length; w++)
            {
                for (ulong rest = row[w]; rest != 0; rest &= rest - 1)
                {
                    Add((w << 6) + BitOperations.TrailingZeroCount(rest), e);
                }
            }
        }
    }

    /// <summary>Becomes its transitive closure, r+.</summary>
    /// <remarks>Warshall's algorithm.</remarks>
    public void Close()
    {
        if (stride == 1)
        {
            for (int k = 0; k < count; k++)
            {
                ulong row = bits[k];
                if (row == 0)
                {
                    continue;
                }

                for (int e = 0; e < count; e++)
                {
                    if ((bits[e] >> k & 1) != 0)
                    {
                        bits[e] |= row;
                    }
                }
            }

            return;
        }

        for (int k = 0; k < count; k++)
        {
            ReadOnlySpan<ulong> row = Row(k);
            if (!row.ContainsAnyExcept(0UL))
            {
                continue;
            }

            int word = k >> 6;
            for (int e = 0; e < count; e++)
            {
                if ((bits[(e * stride) + word] >> k & 1) != 0)
                {
                    AddRow(e, row);
                }
            }
        }
    }

    /// <summary>Whether it has no cycle.</summary>
    /// <returns>Whether its transitive closure is irreflexive.</returns>
    /// <remarks>Takes away events without a successor until none is left, or none can be taken.</remarks>
    public bool IsAcyclic()
    {
        if (stride == 1)
        {
            return IsAcyclicSmall();
        }

        if (scratch.Length < stride)
        {
            scratch = new ulong[stride];
        }

        Span<ulong> left = scratch.AsSpan(0, stride);
        left.Fill(~0UL);
        if ((count & 63) != 0)
        {
            left[^1] = (1UL << count) - 1;
        }

        for (bool isShrinking = true; isShrinking;)
        {
            isShrinking = false;
            bool isEmpty = true;
            for (int w = left.Length - 1; w >= 0; w--)
            {
                for (ulong rest = left[w]; rest != 0;)
                {
                    int bit = 63 - BitOperations.LeadingZeroCount(rest);
                    rest &= ~(1UL << bit);
                    if (Meets(Row((w << 6) + bit), left))
                    {
                        isEmpty = false;
                    }
                    else
                    {
                        left[w] &= ~(1UL << bit);
                        isShrinking = true;
                    }
                }
            }

            if (isEmpty)
            {
                return true;
            }
        }

        return false;

        static bool Meets(ReadOnlySpan<ulong> a, ReadOnlySpan<ulong> b)
        {
            for (int w = 0; w < a.Length; w++)
            {
                if ((a[w] & b[w]) != 0)
                {
                    return true;
                }
            }

            return false;
        }
    }

    private bool IsAcyclicSmall()
    {
        ulong left = count == 64 ? ~0UL : (1UL << count) - 1;
        while (left != 0)
        {
            ulong before = left;

            // From the last to the first: program order goes up, so most are taken in the first round.
            for (ulong rest = left; rest != 0;)
            {
                int e = 63 - BitOperations.LeadingZeroCount(rest);
                rest &= ~(1UL << e);
                if ((bits[e] & left) == 0)
                {
                    left &= ~(1UL << e);
                }
            }

            if (left == before)
            {
                return false;
            }
        }

        return true;
    }
}
