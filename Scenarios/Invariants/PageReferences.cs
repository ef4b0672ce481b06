using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>I3: in the end a host page has as many references as the host has mappings of it: a fault gives back the one that it takes.</summary>
public sealed class PageReferences : Checker
{
    /// <inheritdoc/>
    public override void AtEnd(Kvm kvm)
    {
        var mapped = new ulong[kvm.Mm.Memory.LastPfn.Value + 1];
        for (int page = 0; page < kvm.Mm.Pages; page++)
        {
            HostPte pte = kvm.Mm.Peek(Hva.OfPage((ulong)page));
            if (pte.IsPresent || pte.IsProtNone)
            {
                mapped[pte.Pfn.Value]++;
            }
        }

        for (ulong pfn = 1; pfn < (ulong)mapped.Length; pfn++)
        {
            Frame? frame = kvm.Mm.Memory.FindFrame(new Pfn(pfn));
            if (frame is null || frame.IsZeroPage || frame.IsFreed)
            {
                continue;
            }

            ulong references = frame.RefCount.Peek;
            if (references != mapped[pfn])
            {
                kvm.Machine.Report(
                    new Violation(Name, $"pfn {pfn} has {references} references and {mapped[pfn]} mappings", "a reference is never given back"), null);
                return;
            }
        }
    }
}
