using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

/// <summary>What x86's TDP MMU does of its own, by one thread.</summary>
public sealed class X86Tests
{
    private readonly TestVm vm = new(MmuArchitectures.X86);

    public X86Tests() => vm.Set(0, 4, 8, 8, MemslotFlags.LogDirtyPages);

    [Fact]
    public void Fault_ReadOfAWritablePage_MapsItWritableAndMarksItDirty()
    {
        Assert.Equal(0, vm.Fault(5));
        Assert.Equal(new LeafEntry(true, true, true, true, vm.HostPfn(9)), vm.Pte(5));
        Assert.Equal([5UL], vm.Seen.Dirtied);
        AssertClean();
    }

    [Fact]
    public void Fault_WithoutMemslot_IsMmio() => Assert.Equal(-Errno.EFAULT, vm.Fault(30));

    [Fact]
    public void Fault_ReadOnlyMemslot_MapsReadOnlyAndTakesWritesForMmio()
    {
        vm.Set(1, 20, 1, 20, MemslotFlags.ReadOnly);
        Assert.Equal(0, vm.Fault(20));
        Assert.Equal((true, false, false), (vm.Pte(20).Present, vm.Pte(20).Writable, vm.Pte(20).Dirty));
        Assert.Equal(-Errno.EFAULT, vm.Fault(20, write: true));
        AssertClean();
    }

    [Fact]
    public void Harvest_WriteProtects_AndTheFastPathMendsThat()
    {
        vm.Fault(5, write: true);
        Assert.Equal(0b10UL, vm.GetDirtyLog()[0]);
        Assert.Equal((true, false), (vm.Pte(5).Writable, vm.Pte(5).Dirty));
        Assert.Equal(Frame.Dirty, vm.Mm.Memory.FrameAt(vm.HostPfn(9)).Flags.Peek & Frame.Dirty);

        vm.Fault(5, write: true);
        Assert.True(vm.Pte(5).Dirty);
        Assert.Equal(0b10UL, vm.GetDirtyLog()[0]);
        AssertClean();
    }

    [Fact]
    public void Age_TakesTheAccessAwayUntilTheNextFault()
    {
        vm.Fault(5, write: true);
        Assert.True(vm.ClearYoung(9));
        Assert.False(vm.ClearYoung(9));
        Assert.Equal((true, false, false), (vm.Pte(5).Present, vm.Pte(5).Young, vm.Pte(5).Dirty));

        vm.Fault(5);
        Assert.Equal((true, false), (vm.Pte(5).Young, vm.Pte(5).Dirty));
        vm.Fault(5, write: true);
        Assert.True(vm.Pte(5).Dirty);
        AssertClean();
    }

    [Fact]
    public void Invalidate_ZapsTheRangeAndNoMore()
    {
        vm.Fault(5, write: true);
        vm.Fault(6);
        vm.Invalidate(9);
        Assert.False(vm.Pte(5).Present);
        Assert.True(vm.Pte(6).Present);
        Assert.Equal(1, vm.Seen.Flushes);
        Assert.Equal(Frame.Dirty | Frame.Accessed, vm.Mm.Memory.FrameAt(vm.HostPfn(9)).Flags.Peek);
        AssertClean();
    }

    // The vCPU holds the old root until it enters the guest again.
    [Fact]
    public void MemslotDelete_LeavesTheRootToWhoHasItLoaded()
    {
        vm.Fault(5);
        Page old = Assert.Single(vm.Kvm.Arch.Roots);
        vm.Delete(0);
        Assert.Same(old, Assert.Single(vm.Kvm.Arch.Roots));
        Assert.False(vm.Pte(5).Present);

        vm.Set(0, 4, 8, 8);
        Assert.Equal(GuestExit.None, vm.Vcpu.GuestRead(vm.Cpu, new Gfn(5).Gpa).GetResult().Exit);
        Assert.True(old.IsFreed);
        Assert.True(vm.Pte(5).Present);
        AssertClean();
    }

    [Fact]
    public void Enable_WriteProtectsWhatIsMapped()
    {
        vm.Set(1, 20, 2, 20);
        vm.Fault(20, write: true);
        vm.Set(1, 20, 2, 20, MemslotFlags.LogDirtyPages);
        Assert.Equal((true, false), (vm.Pte(20).Present, vm.Pte(20).Dirty));
        AssertClean();
    }

    private void AssertClean() => vm.AssertDestroysCleanly();
}
