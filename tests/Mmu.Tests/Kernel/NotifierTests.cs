using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

public sealed class NotifierTests
{
    private readonly TestVm vm = Architectures.Vm(Architectures.V20);

    [Fact]
    public void Start_NoSlotHit_TakesNoMmuLock()
    {
        vm.Set(0, 0, 8, 0);
        vm.WithMmuLock(() => vm.Start(20)); // taking it again would be a violation
        Assert.Null(vm.Machine.Violation);
        Assert.Equal(0UL, vm.Kvm.MmuInvalidateInProgress.Peek);
        Assert.Equal(1UL, vm.Kvm.MnActiveInvalidateCount.Peek);
    }

    [Fact]
    public void Start_SlotHit_TakesMmuLock()
    {
        vm.Set(0, 0, 8, 0);
        vm.Cpu.Lock(vm.Kvm.MmuLock).GetResult();
        Assert.Throws<MachineStoppedException>(() => vm.Start(1));
        Assert.Equal(MachineInvariants.LockDiscipline, vm.Machine.Violation!.Invariant);
    }

    [Fact]
    public void StartAndEnd_NoSlotHit_Balance()
    {
        vm.Set(0, 0, 8, 0);
        vm.Invalidate(20);
        Assert.Null(vm.Machine.Violation);
        Assert.Equal(0UL, vm.Kvm.MmuInvalidateSeq.Peek);
        Assert.Equal(0UL, vm.Kvm.MnActiveInvalidateCount.Peek);
    }

    [Fact]
    public void Notifications_ThatHitNoSlot_EachElideMmuLock()
    {
        vm.Set(0, 0, 8, 0);
        vm.Invalidate(1);
        vm.ClearYoung(1);
        Assert.Equal(0, vm.Seen.LocksElided);
        vm.Invalidate(20);
        Assert.Equal(2, vm.Seen.LocksElided);
        vm.ClearYoung(20);
        Assert.Equal(3, vm.Seen.LocksElided);
    }

    [Fact]
    public void Start_TwoSlotsHit_BeginsOnceAndZapsBoth()
    {
        vm.Set(0, 0, 4, 0);
        vm.Set(1, 8, 4, 2); // the same host pages 2 and 3 again
        vm.Fault(3);
        vm.Fault(9);
        vm.Start(3);
        Assert.Equal(1UL, vm.Kvm.MmuInvalidateInProgress.Peek);
        Assert.False(vm.Pte(3).Present);
        Assert.False(vm.Pte(9).Present);
        Assert.Equal((3UL, 10UL), (vm.Kvm.MmuInvalidateRangeStart.Peek, vm.Kvm.MmuInvalidateRangeEnd.Peek));
        Assert.Equal(1, vm.Seen.Flushes);
    }

    [Fact]
    public void Start_NothingMapped_DoesNotFlush()
    {
        vm.Set(0, 0, 4, 0);
        vm.Start(1);
        Assert.Equal(0, vm.Seen.Flushes);
    }

    [Fact]
    public void Start_AcrossTheSlotsEnd_IsClipped()
    {
        vm.Set(0, 4, 4, 8);
        vm.Fault(4);
        vm.Fault(7);
        vm.Start(10, 10);
        Assert.True(vm.Pte(4).Present);
        Assert.False(vm.Pte(7).Present);
        Assert.Equal((6UL, 8UL), (vm.Kvm.MmuInvalidateRangeStart.Peek, vm.Kvm.MmuInvalidateRangeEnd.Peek));
    }

    [Fact]
    public void HandleHvaRange_PartOfAPage_HitsThePage()
    {
        vm.Set(0, 0, 4, 0);
        vm.Fault(1);
        vm.Notifier.InvalidateRangeStart(vm.Cpu, new HvaRange(new Hva(0x1fff), new Hva(0x2001)), mayBlock: true).GetResult();
        Assert.False(vm.Pte(1).Present);
        Assert.Equal((1UL, 3UL), (vm.Kvm.MmuInvalidateRangeStart.Peek, vm.Kvm.MmuInvalidateRangeEnd.Peek));
    }

    [Fact]
    public void Start_EmptyRange_IsReported()
    {
        vm.Start(3, 0);
        Assert.Equal(MmuInvariants.NoKernelWarning, vm.Machine.Violation!.Invariant);
    }

    [Fact]
    public void ClearYoung_YoungEntry_AgesWithoutFlush()
    {
        vm.Set(0, 0, 4, 0);
        vm.Fault(1);
        Assert.True(vm.ClearYoung(1));
        Assert.False(vm.ClearYoung(1));
        Assert.Equal(0, vm.Seen.Flushes);
    }

    [Fact]
    public void ClearFlushYoung_YoungEntry_AgesAndFlushes()
    {
        vm.Set(0, 0, 4, 0);
        vm.Fault(1);
        Assert.True(vm.Notifier.ClearFlushYoung(vm.Cpu, HvaRange.OfPages(1, 1)).GetResult());
        Assert.Equal(1, vm.Seen.Flushes);
    }

    [Fact]
    public void TestYoung_YoungEntry_LeavesItYoung()
    {
        vm.Set(0, 0, 4, 0);
        vm.Fault(1);
        Assert.True(vm.Notifier.TestYoung(vm.Cpu, Hva.OfPage(1)).GetResult());
        Assert.False(vm.Notifier.TestYoung(vm.Cpu, Hva.OfPage(2)).GetResult());
        Assert.True(vm.Pte(1).Young);
    }

    [Fact]
    public void Aging_HoldsBothLocks_AndNoneAfterwards()
    {
        vm.Set(0, 0, 4, 0);
        vm.ClearYoung(0, 4);
        Assert.Equal(0, vm.Cpu.Held.Count);
    }

    [Fact]
    public void ChangePte_NoSlotWasHit_IsSkipped()
    {
        vm.Set(0, 0, 4, 0);
        vm.Fault(1);
        int before = vm.Seen.Ptes.Count;
        vm.Start(20);
        vm.Notifier.ChangePte(vm.Cpu, Hva.OfPage(1), HostPte.Of(vm.HostPfn(9), writable: true)).GetResult();
        Assert.Equal(before, vm.Seen.Ptes.Count);
        Assert.Null(vm.Machine.Violation);
    }

    [Fact]
    public void ChangePte_OutsideStartAndEnd_IsReported()
    {
        vm.Notifier.ChangePte(vm.Cpu, Hva.OfPage(1), HostPte.Of(vm.HostPfn(9), writable: true)).GetResult();
        Assert.Equal(MmuInvariants.NoKernelWarning, vm.Machine.Violation!.Invariant);
    }

    [Theory]
    [InlineData(Architectures.V3)]
    [InlineData(Architectures.V20)]
    [InlineData(Architectures.Merged)]
    [InlineData(Architectures.Mended)]
    public void Release_WithMappings_FreesAllTablesButThePgd(string architecture)
    {
        TestVm released = Architectures.Vm(architecture);
        released.Set(0, 0, 32, 0);
        released.Fault(1);
        released.Fault(17, write: true);
        released.Notifier.Release(released.Cpu).GetResult();
        Assert.Equal(4, released.Seen.TablesLinked);
        Assert.Equal(4, released.Seen.TablesFreed);
        Assert.Equal(1, released.Seen.Flushes);
        Assert.False(released.Pte(1).Present);
        released.AssertDestroysCleanly();
    }
}
