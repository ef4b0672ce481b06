using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>I13: a notification touches the entries of its range and no others, and answers for them only.</summary>
/// <remarks>The answer of test_young, which changes no entry, is not looked at. Nor are blocks, which are aged and zapped as a whole.</remarks>
/// <param name="host">Who notifies.</param>
public sealed class Precision(HostMemoryActor host) : Checker
{
    private bool agedOne;

    /// <inheritdoc/>
    public override void SetPte(Cpu cpu, Kvm kvm, Gfn gfn, LeafEntry oldPte, LeafEntry newPte)
    {
        if (!ReferenceEquals(cpu, host.ActiveCpu) || oldPte.Level > 0 || kvm.PeekHva(gfn) is not { } hva)
        {
            return;
        }

        agedOne = true;
        if (!host.ActiveRange.IsEmpty && !host.ActiveRange.Contains(hva))
        {
            string what = newPte.Present ? "aged" : "zapped";
            cpu.Fail(nameof(Precision), $"gfn {gfn} is {what} by a notification of {host.ActiveRange}, which it is not in", $"gfn {gfn} is not in the range");
        }
    }

    /// <inheritdoc/>
    public override void AgeReturned(Cpu cpu, Kvm kvm, HvaRange range, bool young)
    {
        bool isTest = range.End.Value - range.Start.Value < PageSize.Bytes;
        if (young && !agedOne && !isTest)
        {
            cpu.Fail(nameof(Precision), $"{range} is said to be young, and no entry of it was", "the wrong answer");
        }

        agedOne = false;
    }
}
