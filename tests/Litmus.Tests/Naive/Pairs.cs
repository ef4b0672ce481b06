namespace MmuStress.Litmus.Tests;

/// <summary>A relation as a plain table, with the operators of the cat language, each by its definition.</summary>
internal sealed class Pairs(int count)
{
    private readonly bool[,] table = new bool[count, count];

    public int Count => count;

    public bool this[int a, int b]
    {
        get => table[a, b];
        set => table[a, b] = value;
    }

    public bool IsEmpty => !All().Any();

    public bool IsIrreflexive => Enumerable.Range(0, count).All(e => !table[e, e]);

    public bool IsAcyclic => Plus().IsIrreflexive;

    public static Pairs Where(int count, Func<int, int, bool> holds)
    {
        var result = new Pairs(count);
        for (int a = 0; a < count; a++)
        {
            for (int b = 0; b < count; b++)
            {
                result[a, b] = holds(a, b);
            }
        }

        return result;
    }

    /// <summary>[s].</summary>
    public static Pairs Identity(int count, Func<int, bool> set) => Where(count, (a, b) => a == b && set(a));

    public static Pairs operator |(Pairs x, Pairs y) => Where(x.Count, (a, b) => x[a, b] || y[a, b]);

    public static Pairs operator &(Pairs x, Pairs y) => Where(x.Count, (a, b) => x[a, b] && y[a, b]);

    public static Pairs operator -(Pairs x, Pairs y) => Where(x.Count, (a, b) => x[a, b] && !y[a, b]);

    /// <summary>x ; y.</summary>
    public static Pairs operator *(Pairs x, Pairs y) => Where(x.Count, (a, b) => Enumerable.Range(0, x.Count).Any(k => x[a, k] && y[k, b]));

    public IEnumerable<(int A, int B)> All() =>
        from a in Enumerable.Range(0, count) from b in Enumerable.Range(0, count) where table[a, b] select (a, b);

    public Pairs Inverse() => Where(count, (a, b) => table[b, a]);

    /// <summary>r?.</summary>
    public Pairs Maybe() => this | Identity(count, static _ => true);

    /// <summary>r+.</summary>
    public Pairs Plus()
    {
        Pairs result = this;
        while (true)
        {
            Pairs next = result | (result * this);
            if ((next - result).IsEmpty)
            {
                return result;
            }

            result = next;
        }
    }

    /// <summary>r*.</summary>
    public Pairs Star() => Plus().Maybe();
}
