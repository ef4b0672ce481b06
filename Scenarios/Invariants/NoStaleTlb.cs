using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>I2: no TLB entry outlives the invalidation or the flush that should have dropped it.</summary>
/// <remarks>
/// Looked at where it is used: what the guest reads or writes is the page that the host maps there, writable where it writes. And a
/// translation that a handled fault has replaced is not met again: the same vCPU does not fault again at an entry it just got. The first is
/// exact free-running, too, as the vCPU has not yet left the guest and whoever takes the page away waits for that; the second is not looked at.
/// </remarks>
public sealed class NoStaleTlb : Checker
{
    // What each vCPU's last handled fault was for, until its TLB has a newer entry.
    private readonly List<(Vcpu Vcpu, Gfn Gfn, bool Write)> handled = [];

    /// <inheritdoc/>
    public override void GuestLoaded(Cpu cpu, Vcpu vcpu, Gfn gfn, Frame frame, ulong value) => Check(cpu, vcpu.Kvm, gfn, frame, write: false);

    /// <inheritdoc/>
    public override void GuestStored(Cpu cpu, Vcpu vcpu, Gfn gfn, Frame frame, ulong value) => Check(cpu, vcpu.Kvm, gfn, frame, write: true);

    /// <inheritdoc/>
    public override void TlbFilled(Cpu cpu, Vcpu vcpu, Gfn gfn, LeafEntry entry) => Forget(vcpu);

    /// <inheritdoc/>
    public override void TlbDenied(Cpu cpu, Vcpu vcpu, Gfn gfn, bool write)
    {
        if (handled.Contains((vcpu, gfn, write)))
        {
            cpu.Fail(
                nameof(NoStaleTlb),
                $"{vcpu} faults again at gfn {gfn}: {vcpu.HostCpu} still has the translation that the last fault replaced",
                "the flush went to another CPU");
        }
    }

    /// <inheritdoc/>
    public override void FaultHandled(Cpu cpu, Vcpu vcpu, Gpa gpa, bool write, int result)
    {
        if (vcpu.Kvm.Machine is not NativeMachine)
        {
            Forget(vcpu);
            if (result == 0)
            {
                handled.Add((vcpu, gpa.Gfn, write));
            }
        }
    }

    private static void Check(Cpu cpu, Kvm kvm, Gfn gfn, Frame frame, bool write)
    {
        ulong index = HoldMemslots(cpu, kvm);
        CheckHeld(cpu, kvm, gfn, frame, write);
        LetGoOfMemslots(cpu, kvm, index);
    }

    private static void CheckHeld(Cpu cpu, Kvm kvm, Gfn gfn, Frame frame, bool write)
    {
        if (kvm.PeekMemslot(gfn) is null)
        {
            cpu.Fail(nameof(NoStaleTlb), $"the guest uses pfn {frame.Pfn} at gfn {gfn}, whose memslot is gone", "stale: the memslot is gone");
            return;
        }

        if (kvm.PeekHva(gfn) is not { } hva)
        {
            return; // INVALID: about to be zapped
        }

        HostPte host = kvm.Mm.Peek(hva);
        if (!host.IsPresent || host.Pfn != frame.Pfn)
        {
            cpu.Fail(nameof(NoStaleTlb), $"the guest uses pfn {frame.Pfn} at gfn {gfn}, the host maps {host}", $"stale: the host maps {host}");
        }
        else if (write && !host.IsWritable)
        {
            cpu.Fail(nameof(NoStaleTlb), $"the guest writes pfn {frame.Pfn} at gfn {gfn}, the host maps {host}", "written through a translation that was writable once");
        }
    }

    private void Forget(Vcpu vcpu)
    {
        if (handled.Count == 0)
        {
            return;
        }

        for (int i = handled.Count - 1; i >= 0; i--)
        {
            if (ReferenceEquals(handled[i].Vcpu, vcpu))
            {
                handled.RemoveAt(i);
            }
        }
    }
}
