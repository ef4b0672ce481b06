using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>I7: what a start raised its end has lowered, so that both counts are 0 when nobody notifies.</summary>
public sealed class NotifierBalance : Checker
{
    /// <inheritdoc/>
    public override void AtEnd(Kvm kvm)
    {
        Check(kvm, kvm.MmuInvalidateInProgress);
        Check(kvm, kvm.MnActiveInvalidateCount);
    }

    private static void Check(Kvm kvm, Word count)
    {
        if (count.Peek != 0)
        {
            kvm.Machine.Report(new Violation(nameof(NotifierBalance), $"{count} is {(long)count.Peek} when nobody notifies"), null);
        }
    }
}
