namespace MmuStress.Mmu;

/// <summary>A statistic that was read from a file.</summary>
/// <param name="Descriptor">What it is called and how its values are to be read.</param>
/// <param name="Values">Its values: one, or one for each range of a histogram.</param>
public sealed record StatValue(StatDescriptor Descriptor, IReadOnlyList<ulong> Values);
