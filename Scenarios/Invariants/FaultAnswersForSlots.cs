using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>I8, for a fault: an address that some memslot holds at every moment of the fault is not taken for MMIO.</summary>
/// <param name="always">A frame that always has a memslot, the old one or the new one.</param>
public sealed class FaultAnswersForSlots(Gfn always) : Checker
{
    /// <inheritdoc/>
    public override void FaultHandled(Cpu cpu, Vcpu vcpu, Gpa gpa, bool write, int result)
    {
        if (result != 0 && gpa.Gfn == always)
        {
            cpu.Fail(nameof(FaultAnswersForSlots), $"{vcpu}'s fault at gfn {gpa.Gfn} ends with error {result}, though it has a memslot", "taken for MMIO");
        }
    }
}
