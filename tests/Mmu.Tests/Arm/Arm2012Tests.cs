using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

/// <summary>The 2012 posting: what it does, and its defects that one CPU is enough for.</summary>
public sealed class Arm2012Tests
{
    private readonly TestVm vm = new(MmuArchitectures.Arm2012);

    private Arm2012 Arm => (Arm2012)vm.Kvm.Arch;

    [Fact]
    public void Fault_MapsWhatTheHostMaps_AndTeardownLeavesNothing()
    {
        vm.Set(0, 4, 8, 8);
        Assert.Equal(0, vm.Fault(5));
        Assert.Equal(new LeafEntry(Present: true, Young: true, Writable: true, Dirty: true, vm.HostPfn(9)), vm.Pte(5));
        Assert.Equal(0, vm.Fault(11, write: true));
        Assert.Equal(-Errno.EFAULT, vm.Fault(3));
        vm.AssertDestroysCleanly();
    }

    [Fact]
    public void Unmap_OfTheOnlyPage_FreesItsTables()
    {
        vm.Set(0, 4, 8, 8);
        vm.Fault(5);
        int before = vm.Machine.Memory.AllocatedPages;
        vm.Invalidate(9);
        Assert.Equal(before - 2, vm.Machine.Memory.AllocatedPages);
        Assert.Equal(1UL, TablePages.Peek(Arm.Roots[0]));
        vm.AssertDestroysCleanly();
    }

    [Fact]
    public void Unmap_OfAnEmptyEntry_FreesTheTableOfALiveOne() // A12-1
    {
        vm.Set(0, 4, 4, 8);
        vm.Fault(5);
        vm.Invalidate(8);
        Assert.False(vm.Pte(5).Present);
    }

    [Fact]
    public void Unmap_OfAnEmptyEntryWithTwoLiveOnes_LeavesTheCountTooLow() // A12-1, what teardown sees of it
    {
        vm.Set(0, 4, 4, 8);
        vm.Fault(5);
        vm.Fault(6);
        vm.Invalidate(8);
        Assert.True(vm.Pte(5).Present && vm.Pte(6).Present);
        vm.Kvm.Destroy(vm.Cpu).GetResult();
        Assert.NotNull(vm.Machine.Violation);
    }

    [Fact]
    public void Unmap_DoesNotReachTheTlb() // A12-3
    {
        vm.Set(0, 4, 4, 8);
        vm.Fault(5);
        vm.Vcpu.GuestRead(vm.Cpu, new Gfn(5).Gpa).GetResult();
        vm.Invalidate(9);
        vm.Vcpu.EnterGuest(vm.Cpu).GetResult();
        Assert.True(vm.Vcpu.HostCpu.Tlb.TryFind(vm.Vcpu.HostCpu.GuestTag, new Gfn(5), out _));
    }

    [Fact]
    public void SetSpte_MapsAnEmptyEntryWritable_WhateverTheHostAllows() // A12-6
    {
        vm.Set(0, 4, 4, 8);
        vm.Fault(5);
        vm.Start(8);
        vm.Fault(5); // the table went with the unmapping (A12-1)
        vm.Notifier.ChangePte(vm.Cpu, Hva.OfPage(8), HostPte.Of(vm.HostPfn(9), writable: false)).GetResult();
        Assert.True(vm.Pte(4).AllowsWrite);
    }

    // pud_page is assigned before "continue", so it is never uninitialised; the WARN_ON looks at the last page of the top-level table only.
    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)] // and there the count of a page that is not the first is 0, whatever was mapped
    [InlineData(2, true)]
    public void Teardown_WithNothingMapped_WarnsWhereTheTopLevelTableHasSeveralPages(int pgdOrder, bool warns) // A12-7
    {
        var other = new TestVm(MmuArchitectures.Arm2012, new KvmParameters { Levels = 3, EntriesPerTable = 4, PgdOrder = pgdOrder });
        other.Kvm.Destroy(other.Cpu).GetResult();
        Assert.Equal(warns ? MmuInvariants.NoKernelWarning : null, other.Machine.Violation?.Invariant);
        Assert.Equal(0, other.Machine.Memory.AllocatedPages);
    }

    [Fact]
    public void Teardown_WithALeftOverReferenceOnTheFirstPage_WarnsOnlyWhereItIsTheLast() // A12-7
    {
        Arm.Tables.GetPage(vm.Cpu, Arm.Roots[0]).GetResult();
        vm.Kvm.Destroy(vm.Cpu).GetResult();
        Assert.Equal(MmuInvariants.NoKernelWarning, vm.Machine.Violation?.Invariant);
    }

    [Fact]
    public void AgingHooks_AlwaysSayOld() // A12-10
    {
        vm.Set(0, 4, 4, 8);
        vm.Fault(5);
        Assert.False(vm.ClearYoung(9));
        Assert.True(vm.Pte(5).Young);
    }

    [Fact]
    public void Ioremap_MapsEachPage()
    {
        Assert.Equal(0, Arm.PhysAddrIoremap(vm.Cpu, new Gpa(0x8000), new Pfn(77), 0x1001).GetResult());
        Assert.Equal((new Pfn(77), new Pfn(78), false), (vm.Pte(8).Pfn, vm.Pte(9).Pfn, vm.Pte(10).Present));
        vm.AssertDestroysCleanly();
    }

    [Fact]
    public void Ioremap_Beyond4GiB_MapsNothing() // A12-11
    {
        var wide = new TestVm(MmuArchitectures.Arm2012, new KvmParameters());
        Assert.Equal(0, ((Arm2012)wide.Kvm.Arch).PhysAddrIoremap(wide.Cpu, new Gpa(0x1_0000_0000), new Pfn(77), 0x1000).GetResult());
        Assert.False(wide.Pte(0x10_0000).Present);
    }

    [Fact]
    public void Ioremap_OutOfMemoryHalfWay_LeavesWhatItMapped() // A12-13
    {
        Arm.Tables.FailAfter = 0;
        Assert.Equal(-Errno.ENOMEM, Arm.PhysAddrIoremap(vm.Cpu, new Gpa(0x8000), new Pfn(77), 0x1000).GetResult());
        Arm.Tables.FailAfter = null;
        Assert.Equal(0, Arm.PhysAddrIoremap(vm.Cpu, new Gpa(0x8000), new Pfn(77), 0x1000).GetResult());
        Arm.Tables.FailAfter = 1;
        Assert.Equal(-Errno.ENOMEM, Arm.PhysAddrIoremap(vm.Cpu, new Gpa(0x9000), new Pfn(78), 0x2000).GetResult());
        Assert.True(vm.Pte(8).Present);
    }

    [Fact]
    public void DirtyLog_IsRefused() => Assert.Equal(-Errno.EINVAL, vm.Set(0, 4, 4, 8, MemslotFlags.LogDirtyPages));
}
