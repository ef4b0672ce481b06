using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>I1: while no invalidation is in progress, a present stage-2 entry maps the page that the host maps, and is writable only where the host's entry is.</summary>
/// <remarks>
/// Looked at where an entry is set and where the last invalidation ends. Both are under mmu_lock or, like the latter, just after it, and
/// the host changes a mapping only while an invalidation is in progress, so the answer is stable free-running as well.
/// </remarks>
public sealed class NoStaleMapping : Checker
{
    /// <inheritdoc/>
    public override void SetPte(Cpu cpu, Kvm kvm, Gfn gfn, LeafEntry oldPte, LeafEntry newPte)
    {
        if (newPte.Present && kvm.MmuInvalidateInProgress.Peek == 0)
        {
            Check(cpu, kvm, gfn, newPte);
        }
    }

    /// <inheritdoc/>
    public override void InvalidateRangeEndReturned(Cpu cpu, Kvm kvm, HvaRange range)
    {
        if (kvm.Machine is not NativeMachine && kvm.MmuInvalidateInProgress.Peek == 0)
        {
            CheckAll(cpu, kvm);
        }
    }

    /// <inheritdoc/>
    public override void AtEnd(Kvm kvm) => CheckAll(kvm.Machine.SetupCpu, kvm);

    private static void CheckAll(Cpu cpu, Kvm kvm)
    {
        foreach (Memslot slot in kvm.PeekMemslots().Peek())
        {
            GfnRange gfns = slot.Peek().Gfns;
            for (Gfn gfn = gfns.Start; gfn < gfns.End; gfn = gfn.Next)
            {
                LeafEntry entry = kvm.PeekLeaf(gfn);
                if (entry.Present)
                {
                    Check(cpu, kvm, gfn, entry);
                }
            }
        }
    }

    private static void Check(Cpu cpu, Kvm kvm, Gfn gfn, LeafEntry entry)
    {
        if (kvm.PeekHva(gfn) is not { } hva)
        {
            return;
        }

        HostPte host = kvm.Mm.Peek(hva);
        if (!host.IsPresent || host.Pfn != entry.Pfn)
        {
            string state = kvm.Mm.Memory.FindFrame(entry.Pfn)?.IsFreed ?? true ? "freed"
                : host.IsPresent ? $"replaced by pfn {host.Pfn}"
                : "unmapped";
            cpu.Fail(nameof(NoStaleMapping), $"gfn {gfn} is mapped to pfn {entry.Pfn}, which the host has {state}", $"stale: pfn {entry.Pfn} is {state}");
        }
        else if (entry.Dirty && !host.IsWritable)
        {
            cpu.Fail(nameof(NoStaleMapping), $"gfn {gfn} is writable, the host maps {host}", "writable, the host's entry is not");
        }
    }
}
