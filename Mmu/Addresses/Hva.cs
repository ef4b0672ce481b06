namespace MmuStress.Mmu;

/// <summary>A virtual address of the process that owns the guest.</summary>
/// <remarks>Mirrors: hva_t.</remarks>
/// <param name="Value">The address in bytes.</param>
public readonly record struct Hva(ulong Value)
{
    /// <summary>The number of the page the address lies in.</summary>
    public ulong Page => Value >> PageSize.Shift;

    /// <summary>The address of the next page's first byte, from an address of a page's first byte.</summary>
    public Hva NextPage => new(Value + PageSize.Bytes);

    /// <summary>The address of a page's first byte.</summary>
    /// <param name="page">The page's number.</param>
    /// <returns>The address.</returns>
    public static Hva OfPage(ulong page) => new(page << PageSize.Shift);

    /// <summary>The address <paramref name="bytes"/> further.</summary>
    /// <param name="hva">An address.</param>
    /// <param name="bytes">How far.</param>
    /// <returns>The address there.</returns>
    public static Hva operator +(Hva hva, ulong bytes) => new(hva.Value + bytes);

    /// <summary>How many bytes lie from <paramref name="right"/> to <paramref name="left"/>.</summary>
    /// <param name="left">The later address.</param>
    /// <param name="right">The earlier address.</param>
    /// <returns>The distance.</returns>
    public static ulong operator -(Hva left, Hva right) => left.Value - right.Value;

    /// <summary>Compares two addresses.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>The answer.</returns>
    public static bool operator <(Hva left, Hva right) => left.Value < right.Value;

    /// <summary>Compares two addresses.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>The answer.</returns>
    public static bool operator >(Hva left, Hva right) => left.Value > right.Value;

    /// <summary>Compares two addresses.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>The answer.</returns>
    public static bool operator <=(Hva left, Hva right) => left.Value <= right.Value;

    /// <summary>Compares two addresses.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>The answer.</returns>
    public static bool operator >=(Hva left, Hva right) => left.Value >= right.Value;

    /// <summary>The page's number where the address is a page's first byte, as scenarios use small ones; else the address.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => (Value & (PageSize.Bytes - 1)) == 0 ? Page.ToString() : $"0x{Value:x}";
}
