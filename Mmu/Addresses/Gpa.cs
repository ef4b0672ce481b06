namespace MmuStress.Mmu;

/// <summary>gpa_t: a guest physical address.</summary>
/// <param name="Value">The address in bytes.</param>
public readonly record struct Gpa(ulong Value) : IComparable<Gpa>
{
    /// <summary>The address <paramref name="count"/> bytes further.</summary>
    /// <returns>That address.</returns>
    public static Gpa operator +(Gpa start, ulong count) => new(start.Value + count);

    /// <summary>How many bytes <paramref name="end"/> is above <paramref name="start"/>.</summary>
    /// <returns>The number of bytes.</returns>
    public static ulong operator -(Gpa end, Gpa start) => end.Value - start.Value;

    /// <summary>PAGE_SHIFT.</summary>
    public const int PageShift = 12;

    /// <summary>The frame it lies in: gpa_to_gfn.</summary>
    public Gfn Gfn => new(Value >> PageShift);

    /// <inheritdoc/>
    public int CompareTo(Gpa other) => Value.CompareTo(other.Value);

    /// <summary>Whether <paramref name="left"/> is below <paramref name="right"/>.</summary>
    /// <returns>True when it is.</returns>
    public static bool operator <(Gpa left, Gpa right) => left.Value < right.Value;

    /// <summary>Whether <paramref name="left"/> is above <paramref name="right"/>.</summary>
    /// <returns>True when it is.</returns>
    public static bool operator >(Gpa left, Gpa right) => left.Value > right.Value;

    /// <summary>Whether <paramref name="left"/> is not above <paramref name="right"/>.</summary>
    /// <returns>True when it is not.</returns>
    public static bool operator <=(Gpa left, Gpa right) => left.Value <= right.Value;

    /// <summary>Whether <paramref name="left"/> is not below <paramref name="right"/>.</summary>
    /// <returns>True when it is not.</returns>
    public static bool operator >=(Gpa left, Gpa right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public override string ToString() => $"0x{Value:x}";
}
