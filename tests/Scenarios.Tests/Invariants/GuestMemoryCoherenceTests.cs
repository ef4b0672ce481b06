using static MmuStress.Scenarios.Tests.CheckedVm;

namespace MmuStress.Scenarios.Tests;

public sealed class GuestMemoryCoherenceTests
{
    private readonly CheckedVm vm = new();
    private readonly GuestMemoryCoherence checker = new(initial: 5);

    [Fact]
    public void Load_WhatWasWrittenLast_Holds()
    {
        checker.GuestLoaded(vm.Cpu, vm.Vcpu, Gfn(1), vm.Frame(1), 5);
        checker.GuestStored(vm.Cpu, vm.Vcpu, Gfn(1), vm.Frame(1), 42);
        checker.GuestLoaded(vm.Cpu, vm.Kvm.Vcpus[1], Gfn(1), vm.Frame(1), 42);
        checker.Written(Gfn(1), 7);
        checker.GuestLoaded(vm.Cpu, vm.Vcpu, Gfn(1), vm.Frame(2), 7); // wherever it is
        checker.GuestLoaded(vm.Cpu, vm.Vcpu, Gfn(2), vm.Frame(2), 5);
        vm.Holds();
    }

    [Fact]
    public void Load_OldData_Violates()
    {
        checker.GuestStored(vm.Cpu, vm.Vcpu, Gfn(1), vm.Frame(1), 42);
        checker.GuestLoaded(vm.Cpu, vm.Kvm.Vcpus[1], Gfn(1), vm.Frame(1), 5);
        vm.Violates("GuestMemoryCoherence", "vcpu1 reads 5 from gfn 1, where 42 was written last");
    }
}
