using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>Tells a checker of the dirty log what KVM reports and clears, whoever asks.</summary>
/// <param name="checker">The checker.</param>
internal sealed class DirtyLogListener(DirtyLogComplete checker) : Checker
{
    /// <inheritdoc/>
    public override void DirtyLogRead(Cpu cpu, Kvm kvm, Memslot slot, ReadOnlySpan<ulong> bitmap, bool cleared) =>
        checker.HarvestEnds(cpu, slot.Peek().Gfns, bitmap.ToArray());
}
