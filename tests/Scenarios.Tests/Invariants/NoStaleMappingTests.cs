using MmuStress.Mmu;
using static MmuStress.Scenarios.Tests.CheckedVm;

namespace MmuStress.Scenarios.Tests;

public sealed class NoStaleMappingTests
{
    private readonly CheckedVm vm = new();
    private readonly NoStaleMapping checker = new();

    [Fact]
    public void SetPte_WhatTheHostMaps_Holds()
    {
        checker.SetPte(vm.Cpu, vm.Kvm, Gfn(1), default, vm.Entry(1));
        checker.SetPte(vm.Cpu, vm.Kvm, Gfn(2), default, vm.Entry(2, writable: true));
        checker.SetPte(vm.Cpu, vm.Kvm, Gfn(3), vm.Entry(2), default);
        checker.SetPte(vm.Cpu, vm.Kvm, Gfn(40), default, vm.Entry(2)); // no memslot: another checker's
        vm.Holds();
    }

    [Fact]
    public void SetPte_AnotherPage_IsStale()
    {
        checker.SetPte(vm.Cpu, vm.Kvm, Gfn(1), default, vm.Entry(2));
        vm.Violates("NoStaleMapping", $"gfn 1 is mapped to pfn {vm.Host(2).Pfn}, which the host has replaced by pfn {vm.Host(1).Pfn}");
    }

    [Fact]
    public void SetPte_FreedPage_IsStale()
    {
        LeafEntry entry = vm.Entry(1);
        vm.Vm.Mm.Unmap(vm.Cpu, Page(1)).GetResult();
        checker.SetPte(vm.Cpu, vm.Kvm, Gfn(1), default, entry);
        vm.Violates("NoStaleMapping", $"gfn 1 is mapped to pfn {entry.Pfn}, which the host has freed");
    }

    [Fact]
    public void SetPte_WritableWhereTheHostIsNot_Violates()
    {
        vm.Vm.Mm.Unmap(vm.Cpu, Page(1)).GetResult();
        vm.Vm.Mm.HostRead(vm.Cpu, Page(1).Start).GetResult(); // the page of zeroes
        checker.SetPte(vm.Cpu, vm.Kvm, Gfn(1), default, vm.Entry(1));
        vm.Holds();
        checker.SetPte(vm.Cpu, vm.Kvm, Gfn(1), default, vm.Entry(1, writable: true));
        vm.Violates("NoStaleMapping", $"gfn 1 is writable, the host maps {vm.Host(1)}");
    }

    [Fact]
    public void SetPte_InvalidationInProgress_IsNotLookedAt()
    {
        vm.Start(3);
        checker.SetPte(vm.Cpu, vm.Kvm, Gfn(1), default, vm.Entry(2));
        vm.Holds();
    }

    [Fact]
    public void LastEnd_LooksAtEveryEntry()
    {
        vm.Vm.Touch(Gfn(1));
        vm.Vm.Touch(Gfn(4));
        vm.Kvm.Tracepoints = checker;
        vm.Start(2);
        vm.End(2);
        vm.Holds();
        vm.Vm.Mm.Populate(Page(4).Start); // behind the notifier's back
        vm.Start(2);
        vm.Start(3);
        vm.End(2);
        vm.Holds();
        vm.End(3);
        Assert.Equal("NoStaleMapping", vm.Stage.Machine.Violation?.Invariant);
    }

    [Fact]
    public void AtEnd_LooksAtEveryEntry()
    {
        vm.Vm.Touch(Gfn(1));
        checker.AtEnd(vm.Kvm);
        vm.Holds();
        vm.Vm.Mm.Populate(Page(1).Start);
        checker.AtEnd(vm.Kvm);
        Assert.Equal("NoStaleMapping", vm.Stage.Machine.Violation?.Invariant);
    }
}
