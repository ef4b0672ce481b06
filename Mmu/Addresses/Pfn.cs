namespace MmuStress.Mmu;

/// <summary>A page frame number: the number of a page of the host's physical memory.</summary>
/// <remarks>Mirrors: kvm_pfn_t.</remarks>
/// <param name="Value">The number.</param>
public readonly record struct Pfn(ulong Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value.ToString();
}
