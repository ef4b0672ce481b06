using MmuStress.Machine;
using MmuStress.Mmu;
using static MmuStress.Scenarios.PrivateMemoryInvariants;

namespace MmuStress.Scenarios;

/// <summary>What must hold of private memory: the host never touches it, no stage-2 entry is of the wrong kind, and the host has what is shared.</summary>
/// <param name="arch">The MMU.</param>
internal sealed class PrivateMemoryChecker(LoongArchProtected arch) : IMmuTracepoints, IHostTracepoints
{
    /// <inheritdoc/>
    public void PageAccessed(Cpu cpu, HostMm mm, Hva hva, bool write)
    {
        var gfn = new Gfn(hva.Page); // the memslot maps frames to pages of the same number
        if (arch.Attributes.PeekIsPrivate(gfn) || arch.PeekIsMappedPrivate(gfn) == true)
        {
            cpu.Fail(HostNeverTouchesPrivate, $"the host {(write ? "writes" : "reads")} the page of gfn {gfn}, which is private", "the memory is private");
        }
    }

    /// <inheritdoc/>
    public void SetPte(Cpu cpu, Kvm kvm, Gfn gfn, LeafEntry oldPte, LeafEntry newPte)
    {
        if (newPte.Present)
        {
            Check(cpu, gfn);
        }
    }

    /// <inheritdoc/>
    public void FaultHandled(Cpu cpu, Vcpu vcpu, Gpa gpa, bool write, int result)
    {
        if (result != 0)
        {
            cpu.Fail(nameof(FaultAnswersForSlots), $"{vcpu}'s fault at gfn {gpa.Gfn} ends with error {result}, though it has a page", "taken for poison");
        }
    }

    /// <summary>Looks at every frame when nobody runs.</summary>
    public void AtEnd()
    {
        for (ulong page = 0; page < (ulong)arch.Kvm.Mm.Pages; page++)
        {
            var gfn = new Gfn(page);
            Cpu cpu = arch.Kvm.Machine.SetupCpu;
            Check(cpu, gfn);
            HostPte host = arch.Kvm.Mm.Peek(Hva.OfPage(page));
            bool isPrivate = arch.Attributes.PeekIsPrivate(gfn);
            if (isPrivate ? host.IsPresent && arch.PeekIsMappedPrivate(gfn) == true : host.IsHwPoison)
            {
                cpu.Fail(PoisonMatchesAttribute, $"gfn {gfn} is {(isPrivate ? "private" : "shared")}, the host's entry is {host}", "");
            }
        }
    }

    private void Check(Cpu cpu, Gfn gfn)
    {
        bool isPrivate = arch.Attributes.PeekIsPrivate(gfn);
        if (arch.Kvm.MmuInvalidateInProgress.Peek == 0 && arch.PeekIsMappedPrivate(gfn) is { } isMappedPrivate && isMappedPrivate != isPrivate)
        {
            cpu.Fail(NoStalePrivacy, $"gfn {gfn} is {Kind(isPrivate)} and mapped as {Kind(isMappedPrivate)} memory", $"the frame is {Kind(isPrivate)}");
        }
    }

    private static string Kind(bool isPrivate) => isPrivate ? "private" : "shared";
}
