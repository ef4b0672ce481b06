namespace MmuStress.Mmu;

/// <summary>A guest frame number: the number of a page of guest physical memory.</summary>
/// <remarks>Mirrors: gfn_t.</remarks>
/// <param name="Value">The number.</param>
public readonly record struct Gfn(ulong Value)
{
    /// <summary>The frame after this one.</summary>
    public Gfn Next => new(Value + 1);

    /// <summary>gfn_to_gpa: the address of the frame's first byte.</summary>
    public Gpa Gpa => new(Value << PageSize.Shift);

    /// <summary>The frame <paramref name="count"/> frames further.</summary>
    /// <param name="gfn">A frame.</param>
    /// <param name="count">How many frames.</param>
    /// <returns>The frame there.</returns>
    public static Gfn operator +(Gfn gfn, ulong count) => new(gfn.Value + count);

    /// <summary>How many frames lie from <paramref name="right"/> to <paramref name="left"/>.</summary>
    /// <param name="left">The later frame.</param>
    /// <param name="right">The earlier frame.</param>
    /// <returns>The distance.</returns>
    public static ulong operator -(Gfn left, Gfn right) => left.Value - right.Value;

    /// <summary>Compares two numbers.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>The answer.</returns>
    public static bool operator <(Gfn left, Gfn right) => left.Value < right.Value;

    /// <summary>Compares two numbers.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>The answer.</returns>
    public static bool operator >(Gfn left, Gfn right) => left.Value > right.Value;

    /// <summary>Compares two numbers.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>The answer.</returns>
    public static bool operator <=(Gfn left, Gfn right) => left.Value <= right.Value;

    /// <summary>Compares two numbers.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>The answer.</returns>
    public static bool operator >=(Gfn left, Gfn right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();
}
