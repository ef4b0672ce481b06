using MmuStress.Mmu;
using static MmuStress.Scenarios.Tests.CheckedVm;

namespace MmuStress.Scenarios.Tests;

public sealed class NoStaleTlbTests
{
    private readonly CheckedVm vm = new();
    private readonly NoStaleTlb checker = new();

    [Fact]
    public void Access_ToWhatTheHostMaps_Holds()
    {
        checker.GuestLoaded(vm.Cpu, vm.Vcpu, Gfn(1), vm.Frame(1), 0);
        checker.GuestStored(vm.Cpu, vm.Vcpu, Gfn(1), vm.Frame(1), 0);
        vm.Holds();
    }

    [Fact]
    public void Load_FromAnotherPage_IsStale()
    {
        checker.GuestLoaded(vm.Cpu, vm.Vcpu, Gfn(1), vm.Frame(2), 0);
        vm.Violates("NoStaleTlb", $"the guest uses pfn {vm.Host(2).Pfn} at gfn 1, the host maps {vm.Host(1)}");
    }

    [Fact]
    public void Store_ToAnotherPage_IsStale()
    {
        checker.GuestStored(vm.Cpu, vm.Vcpu, Gfn(1), vm.Frame(2), 0);
        Assert.Equal("NoStaleTlb", vm.Stage.Machine.Violation?.Invariant);
    }

    [Fact]
    public void Store_WhereTheHostIsReadOnly_Violates()
    {
        vm.Vm.Mm.Unmap(vm.Cpu, Page(1)).GetResult();
        vm.Vm.Mm.HostRead(vm.Cpu, Page(1).Start).GetResult();
        checker.GuestLoaded(vm.Cpu, vm.Vcpu, Gfn(1), vm.Frame(1), 0);
        vm.Holds();
        checker.GuestStored(vm.Cpu, vm.Vcpu, Gfn(1), vm.Frame(1), 0);
        vm.Violates("NoStaleTlb", $"the guest writes pfn {vm.Host(1).Pfn} at gfn 1, the host maps {vm.Host(1)}");
    }

    [Fact]
    public void Access_MemslotGone_Violates()
    {
        vm.Set(UserspaceMemoryRegion.Deletion(0));
        checker.GuestLoaded(vm.Cpu, vm.Vcpu, Gfn(1), vm.Frame(1), 0);
        vm.Violates("NoStaleTlb", $"the guest uses pfn {vm.Host(1).Pfn} at gfn 1, whose memslot is gone");
    }

    [Fact]
    public void Denied_RightAfterTheFaultWasHandled_Violates()
    {
        checker.FaultHandled(vm.Cpu, vm.Vcpu, Gfn(1).Gpa, write: true, 0);
        checker.TlbDenied(vm.Cpu, vm.Kvm.Vcpus[1], Gfn(1), write: true); // somebody else's TLB
        checker.TlbDenied(vm.Cpu, vm.Vcpu, Gfn(2), write: true);
        vm.Holds();
        checker.TlbDenied(vm.Cpu, vm.Vcpu, Gfn(1), write: true);
        vm.Violates("NoStaleTlb", "vcpu0 faults again at gfn 1: cpu0 still has the translation that the last fault replaced");
    }

    [Fact]
    public void Denied_AtANewEntry_Holds()
    {
        checker.FaultHandled(vm.Cpu, vm.Vcpu, Gfn(1).Gpa, write: true, 0);
        checker.TlbFilled(vm.Cpu, vm.Vcpu, Gfn(1), vm.Entry(1));
        checker.TlbDenied(vm.Cpu, vm.Vcpu, Gfn(1), write: true);
        checker.FaultHandled(vm.Cpu, vm.Vcpu, Gfn(1).Gpa, write: true, -Errno.EFAULT);
        checker.TlbDenied(vm.Cpu, vm.Vcpu, Gfn(1), write: true);
        vm.Holds();
    }
}
