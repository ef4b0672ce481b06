using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>VMRUN that reads each page of the bitmap in an SRCU section of its own.</summary>
/// <param name="kvm">The VM.</param>
/// <param name="vmcb12">L1's VMCB.</param>
/// <param name="maxPhyAddr">The width of L1's physical addresses in bits.</param>
/// <param name="check">What is checked about the bitmaps' addresses.</param>
internal sealed class NestedSvmReadsApart(Kvm kvm, Vmcb12 vmcb12, int maxPhyAddr, NestedBitmapCheck check) : NestedSvm(kvm, vmcb12, maxPhyAddr, check)
{
    private readonly Srcu srcu = kvm.Srcu;

    /// <inheritdoc/>
    public override async Coroutine<bool> NestedSvmVmrun(Cpu cpu) => await CheckAndLoadControls(cpu) && await NestedSvmVmrunMsrpm(cpu);

    /// <inheritdoc/>
    protected override async Coroutine<ulong?> ReadGuest(Cpu cpu, Gpa gpa)
    {
        ulong index = await cpu.SrcuReadLock(srcu);
        ulong? value = await base.ReadGuest(cpu, gpa);
        await cpu.SrcuReadUnlock(srcu, index);
        return value;
    }
}
