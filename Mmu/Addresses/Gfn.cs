namespace MmuStress.Mmu;

/// <summary>gfn_t: a guest frame number.</summary>
/// <param name="Value">The number.</param>
public readonly record struct Gfn(ulong Value) : IComparable<Gfn>
{
    /// <summary>The next page.</summary>
    public Gfn Next => new(Value + 1);

    /// <summary>The page <paramref name="count"/> pages further.</summary>
    /// <returns>That page.</returns>
    public static Gfn operator +(Gfn start, ulong count) => new(start.Value + count);

    /// <summary>How many pages <paramref name="end"/> is above <paramref name="start"/>.</summary>
    /// <returns>The number of pages.</returns>
    public static ulong operator -(Gfn end, Gfn start) => end.Value - start.Value;

    /// <summary>The address of the page's first byte.</summary>
    public Gpa Gpa => new(Value << Gpa.PageShift);

    /// <inheritdoc/>
    public int CompareTo(Gfn other) => Value.CompareTo(other.Value);

    /// <summary>Whether <paramref name="left"/> is below <paramref name="right"/>.</summary>
    /// <returns>True when it is.</returns>
    public static bool operator <(Gfn left, Gfn right) => left.Value < right.Value;

    /// <summary>Whether <paramref name="left"/> is above <paramref name="right"/>.</summary>
    /// <returns>True when it is.</returns>
    public static bool operator >(Gfn left, Gfn right) => left.Value > right.Value;

    /// <summary>Whether <paramref name="left"/> is not above <paramref name="right"/>.</summary>
    /// <returns>True when it is not.</returns>
    public static bool operator <=(Gfn left, Gfn right) => left.Value <= right.Value;

    /// <summary>Whether <paramref name="left"/> is not below <paramref name="right"/>.</summary>
    /// <returns>True when it is not.</returns>
    public static bool operator >=(Gfn left, Gfn right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public override string ToString() => $"{Value}";
}
