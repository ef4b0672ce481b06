using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>In the end a host page that the guest wrote is known to be dirty, or is still mapped writable, so that it will be: else the host drops what was written.</summary>
/// <remarks>For MMUs that tell the host when an entry goes, as x86's did until v6.12. Where dirty is set when the page is mapped, it says nothing.</remarks>
public sealed class HostPageDirty : Checker
{
    // Guarded by itself: free-running, several vCPUs write at a time.
    private readonly HashSet<(Gfn Gfn, Frame Frame)> written = [];

    /// <inheritdoc/>
    public override void GuestStored(Cpu cpu, Vcpu vcpu, Gfn gfn, Frame frame, ulong value)
    {
        Remembers(gfn);
        lock (written)
        {
            written.Add((gfn, frame));
        }
    }

    /// <inheritdoc/>
    public override void AtEnd(Kvm kvm)
    {
        foreach ((Gfn gfn, Frame frame) in written)
        {
            LeafEntry entry = kvm.PeekLeaf(gfn);
            bool isMapped = entry.Present && entry.Pfn == frame.Pfn && entry.Dirty;
            if (!frame.IsFreed && !isMapped && (frame.Flags.Peek & Frame.Dirty) == 0)
            {
                kvm.Machine.Report(new Violation(Name, $"pfn {frame.Pfn} was written at gfn {gfn}, and the host takes it for clean", "a write is lost when the page is reclaimed"), null);
                return;
            }
        }
    }
}
