using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>I9: the guest never writes a read-only memslot, and no entry lets it.</summary>
public sealed class ReadOnlySlot : Checker
{
    /// <inheritdoc/>
    public override void SetPte(Cpu cpu, Kvm kvm, Gfn gfn, LeafEntry oldPte, LeafEntry newPte)
    {
        if (newPte.Present && newPte.Dirty && IsReadOnly(kvm, gfn))
        {
            cpu.Fail(nameof(ReadOnlySlot), $"gfn {gfn} of a read-only memslot is made writable", "the memslot is read-only");
        }
    }

    /// <inheritdoc/>
    public override void GuestStored(Cpu cpu, Vcpu vcpu, Gfn gfn, Frame frame, ulong value)
    {
        ulong index = HoldMemslots(cpu, vcpu.Kvm);
        if (IsReadOnly(vcpu.Kvm, gfn))
        {
            cpu.Fail(nameof(ReadOnlySlot), $"{vcpu} writes gfn {gfn} of a read-only memslot", "the memslot is read-only");
        }

        LetGoOfMemslots(cpu, vcpu.Kvm, index);
    }

    private static bool IsReadOnly(Kvm kvm, Gfn gfn) =>
        kvm.PeekMemslot(gfn) is { } slot && (slot.Peek().Flags & MemslotFlags.ReadOnly) != MemslotFlags.None;
}
