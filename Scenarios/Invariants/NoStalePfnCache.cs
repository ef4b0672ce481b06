using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>I1 for a gfn_to_pfn_cache: what KVM writes through it goes to the page that the host maps there, writable.</summary>
/// <remarks>
/// Exact free-running, too: who writes holds gpc->lock for read and has found the cache valid, and whoever takes the page away, or the
/// memslot, waits for the lock or for SRCU.
/// </remarks>
public sealed class NoStalePfnCache : Checker
{
    /// <inheritdoc/>
    public override void PfnCacheUsed(Cpu cpu, Kvm kvm, Gfn gfn, Frame frame, ulong value)
    {
        if (kvm.PeekHva(gfn) is not { } hva)
        {
            return; // the memslot is going; who writes may still see it
        }

        HostPte host = kvm.Mm.Peek(hva);
        if (!host.IsPresent || host.Pfn != frame.Pfn)
        {
            cpu.Fail(nameof(NoStalePfnCache), $"pfn {frame.Pfn} is written for gfn {gfn}, where the host maps {host}", $"wrong page: the host maps {host}");
        }
        else if (!host.IsWritable)
        {
            cpu.Fail(nameof(NoStalePfnCache), $"pfn {frame.Pfn} is written for gfn {gfn}, where the host maps {host}", "written, and the host's entry is not writable");
        }
    }
}
