namespace MmuStress.Mmu;

/// <summary>A host virtual address.</summary>
/// <param name="Value">The address in bytes.</param>
public readonly record struct Hva(ulong Value) : IComparable<Hva>
{
    /// <summary>The address <paramref name="count"/> bytes further.</summary>
    /// <returns>That address.</returns>
    public static Hva operator +(Hva start, ulong count) => new(start.Value + count);

    /// <summary>How many bytes <paramref name="end"/> is above <paramref name="start"/>.</summary>
    /// <returns>The number of bytes.</returns>
    public static ulong operator -(Hva end, Hva start) => end.Value - start.Value;

    /// <summary>PAGE_SHIFT.</summary>
    public const int PageShift = 12;

    /// <summary>The number of the page it lies in.</summary>
    public ulong Page => Value >> PageShift;

    /// <summary>The address of the first byte of page number <paramref name="page"/>.</summary>
    /// <returns>The address.</returns>
    public static Hva OfPage(ulong page) => new(page << PageShift);

    /// <inheritdoc/>
    public int CompareTo(Hva other) => Value.CompareTo(other.Value);

    /// <summary>Whether <paramref name="left"/> is below <paramref name="right"/>.</summary>
    /// <returns>True when it is.</returns>
    public static bool operator <(Hva left, Hva right) => left.Value < right.Value;

    /// <summary>Whether <paramref name="left"/> is above <paramref name="right"/>.</summary>
    /// <returns>True when it is.</returns>
    public static bool operator >(Hva left, Hva right) => left.Value > right.Value;

    /// <summary>Whether <paramref name="left"/> is not above <paramref name="right"/>.</summary>
    /// <returns>True when it is not.</returns>
    public static bool operator <=(Hva left, Hva right) => left.Value <= right.Value;

    /// <summary>Whether <paramref name="left"/> is not below <paramref name="right"/>.</summary>
    /// <returns>True when it is not.</returns>
    public static bool operator >=(Hva left, Hva right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public override string ToString() => $"0x{Value:x}";
}
