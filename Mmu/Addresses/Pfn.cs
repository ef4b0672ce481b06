namespace MmuStress.Mmu;

/// <summary>kvm_pfn_t: a host page frame number.</summary>
/// <param name="Value">The number.</param>
public readonly record struct Pfn(ulong Value) : IComparable<Pfn>
{
    /// <summary>The next page.</summary>
    public Pfn Next => new(Value + 1);

    /// <summary>The page <paramref name="count"/> pages further.</summary>
    /// <returns>That page.</returns>
    public static Pfn operator +(Pfn start, ulong count) => new(start.Value + count);

    /// <summary>How many pages <paramref name="end"/> is above <paramref name="start"/>.</summary>
    /// <returns>The number of pages.</returns>
    public static ulong operator -(Pfn end, Pfn start) => end.Value - start.Value;

    /// <inheritdoc/>
    public int CompareTo(Pfn other) => Value.CompareTo(other.Value);

    /// <summary>Whether <paramref name="left"/> is below <paramref name="right"/>.</summary>
    /// <returns>True when it is.</returns>
    public static bool operator <(Pfn left, Pfn right) => left.Value < right.Value;

    /// <summary>Whether <paramref name="left"/> is above <paramref name="right"/>.</summary>
    /// <returns>True when it is.</returns>
    public static bool operator >(Pfn left, Pfn right) => left.Value > right.Value;

    /// <summary>Whether <paramref name="left"/> is not above <paramref name="right"/>.</summary>
    /// <returns>True when it is not.</returns>
    public static bool operator <=(Pfn left, Pfn right) => left.Value <= right.Value;

    /// <summary>Whether <paramref name="left"/> is not below <paramref name="right"/>.</summary>
    /// <returns>True when it is not.</returns>
    public static bool operator >=(Pfn left, Pfn right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public override string ToString() => $"{Value}";
}
