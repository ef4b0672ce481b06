namespace MmuStress.Mmu;

/// <summary>A guest physical address.</summary>
/// <remarks>Mirrors: gpa_t.</remarks>
/// <param name="Value">The address in bytes.</param>
public readonly record struct Gpa(ulong Value)
{
    /// <summary>gpa_to_gfn: the frame the address lies in.</summary>
    public Gfn Gfn => new(Value >> PageSize.Shift);

    /// <inheritdoc/>
    public override string ToString() => $"0x{Value:x}";
}
