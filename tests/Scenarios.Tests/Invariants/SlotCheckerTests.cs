using MmuStress.Machine;
using MmuStress.Mmu;
using static MmuStress.Scenarios.Tests.CheckedVm;

namespace MmuStress.Scenarios.Tests;

/// <summary>NoMappingWithoutSlot, ReadOnlySlot and FaultAnswersForSlots.</summary>
public sealed class SlotCheckerTests
{
    private readonly CheckedVm vm = new(slots: 2);

    [Fact]
    public void NoMappingWithoutSlot_SetPte_NeedsAMemslot()
    {
        var checker = new NoMappingWithoutSlot();
        checker.SetPte(vm.Cpu, vm.Kvm, Gfn(1), default, vm.Entry(1));
        checker.SetPte(vm.Cpu, vm.Kvm, Gfn(9), vm.Entry(1), default);
        vm.Holds();
        checker.SetPte(vm.Cpu, vm.Kvm, Gfn(9), default, vm.Entry(1));
        vm.Violates("NoMappingWithoutSlot", $"gfn 9 is mapped to pfn {vm.Host(1).Pfn}, but has no memslot");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void NoMappingWithoutSlot_Deletion_LeavesNothingBehind(bool leavesOne)
    {
        vm.Vm.Touch(Gfn(1));
        ulong entry = vm.Leaf(1);
        vm.Kvm.Tracepoints = new PutsBack(vm, leavesOne ? entry : 0);
        vm.Set(UserspaceMemoryRegion.Deletion(0));
        if (leavesOne)
        {
            vm.Violates("NoMappingWithoutSlot", $"gfn 1 is still mapped to pfn {vm.Host(1).Pfn} after Delete of its memslot");
        }
        else
        {
            vm.Holds();
        }
    }

    [Fact]
    public void ReadOnlySlot_WritableEntryOrWrite_Violates()
    {
        var checker = new ReadOnlySlot();
        checker.SetPte(vm.Cpu, vm.Kvm, Gfn(1), default, vm.Entry(1, writable: true)); // not read-only
        checker.GuestStored(vm.Cpu, vm.Vcpu, Gfn(1), vm.Frame(1), 0);

        var readOnly = new CheckedVm(options: new VmOptions { Flags = MemslotFlags.ReadOnly });
        checker.SetPte(readOnly.Cpu, readOnly.Kvm, Gfn(1), default, readOnly.Entry(1));
        readOnly.Holds();
        checker.SetPte(readOnly.Cpu, readOnly.Kvm, Gfn(1), default, readOnly.Entry(1, writable: true));
        readOnly.Violates("ReadOnlySlot", "gfn 1 of a read-only memslot is made writable");

        readOnly = new CheckedVm(options: new VmOptions { Flags = MemslotFlags.ReadOnly });
        checker.GuestStored(readOnly.Cpu, readOnly.Vcpu, Gfn(1), readOnly.Frame(1), 0);
        readOnly.Violates("ReadOnlySlot", "vcpu0 writes gfn 1 of a read-only memslot");
        vm.Holds();
    }

    [Fact]
    public void FaultAnswersForSlots_ErrorWhereThereIsAMemslot_Violates()
    {
        var checker = new FaultAnswersForSlots(Gfn(2));
        checker.FaultHandled(vm.Cpu, vm.Vcpu, Gfn(2).Gpa, write: false, 0);
        checker.FaultHandled(vm.Cpu, vm.Vcpu, Gfn(1).Gpa, write: false, -Errno.EFAULT);
        vm.Holds();
        checker.FaultHandled(vm.Cpu, vm.Vcpu, Gfn(2).Gpa, write: false, -Errno.EFAULT);
        vm.Violates("FaultAnswersForSlots", "vcpu0's fault at gfn 2 ends with error -14, though it has a memslot");
    }

    // As if deleting had forgotten an entry.
    private sealed class PutsBack(CheckedVm vm, ulong entry) : Checker
    {
        public override void MemslotCommitted(Cpu cpu, Kvm kvm, MemslotChange change, Memslot? old, Memslot? @new)
        {
            vm.Leaf(1) = entry;
            new NoMappingWithoutSlot().MemslotCommitted(cpu, kvm, change, old, @new);
        }
    }
}
