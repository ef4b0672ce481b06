using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

/// <summary>The notifier as it was posted and as it would be without what mends it, beside today's.</summary>
public sealed class NotifierVersionTests
{
    public static TheoryData<string> Versions => ["today", "v2", "v2 patch 7", "v2 patch 8", "unblocked"];

    [Theory]
    [MemberData(nameof(Versions))]
    public void StartAndEnd_SlotHit_ZapOnceFlushOnceAndBalance(string version)
    {
        TestVm vm = Of(version);
        vm.Set(0, 0, 8, 0);
        vm.Fault(1);
        vm.Fault(2);
        vm.Start(1, 2);
        Assert.Equal((1UL, false, false), (vm.Kvm.MmuInvalidateInProgress.Peek, vm.Pte(1).Present, vm.Pte(2).Present));
        vm.End(1, 2);
        Assert.Equal((0UL, 1UL), (vm.Kvm.MmuInvalidateInProgress.Peek, vm.Kvm.MmuInvalidateSeq.Peek));
        Assert.Equal(1, vm.Seen.Flushes); // S4-6: the end has flush_on_ret in v2, and nothing to flush
        Assert.Equal(0, vm.Fault(1));
        vm.AssertDestroysCleanly();
    }

    [Theory]
    [InlineData("today", 2, 1)]
    [InlineData("v2", 2, 1)]
    [InlineData("v2 patch 7", 0, 0)]
    [InlineData("v2 patch 8", 0, 1)]
    [InlineData("unblocked", 2, 1)]
    public void MmuLock_NoSlotHit_IsElided(string version, int byPair, int byAging)
    {
        TestVm vm = Of(version);
        vm.Set(0, 0, 8, 0);
        vm.Invalidate(20);
        Assert.Equal(byPair, vm.Seen.LocksElided);
        vm.ClearYoung(20);
        Assert.Equal(byPair + byAging, vm.Seen.LocksElided);
        Assert.Equal(byPair == 0 ? 1UL : 0, vm.Kvm.MmuInvalidateSeq.Peek);
        Assert.Null(vm.Machine.Violation);
    }

    /// <summary>S4-3: the OOM reaper's notifications must not sleep.</summary>
    [Theory]
    [MemberData(nameof(Versions))]
    public void OomReap_DoesNotSleep_AndBalances(string version)
    {
        TestVm vm = Of(version);
        vm.Set(0, 0, 8, 0);
        vm.Fault(1);
        vm.Mm.OomReap(vm.Cpu).GetResult();
        Assert.Null(vm.Machine.Violation);
        Assert.False(vm.Pte(1).Present);
        Assert.Equal(0UL, vm.Kvm.MmuInvalidateInProgress.Peek);
        vm.AssertDestroysCleanly();
    }

    [Fact]
    public void OomReap_NotifierThatAlwaysTakesTheSemaphore_IsReported()
    {
        TestVm vm = Architectures.Vm(Architectures.Mended, notifier: kvm => new AlwaysBlocks(kvm));
        vm.Mm.OomReap(vm.Cpu).GetResult();
        Assert.Equal(MachineInvariants.LockDiscipline, vm.Machine.Violation!.Invariant);
    }

    [Fact]
    public void V2_NoSlotHitButNobodyMayBlock_TakesMmuLockAllTheSame()
    {
        TestVm vm = Of("v2");
        vm.Set(0, 0, 8, 0);
        vm.Mm.Unmap(vm.Cpu, HvaRange.OfPages(20, 1), mayBlock: false).GetResult();
        Assert.Equal((0, 1UL), (vm.Seen.LocksElided, vm.Kvm.MmuInvalidateSeq.Peek));
    }

    [Fact]
    public void V2_MemslotUpdateBetweenStartAndEnd_Waits()
    {
        TestVm vm = Of("v2");
        vm.Start(1);
        var notifier = (NotifierV2)vm.Notifier;
        Assert.True(vm.Cpu.Held.Contains(notifier.MmuNotifierSlotsLock));
        vm.End(1);
        Assert.False(vm.Cpu.Held.Contains(notifier.MmuNotifierSlotsLock));
        Assert.Equal(0, vm.Set(0, 0, 8, 0));
    }

    [Fact]
    public void V2_ChangePteWhereStartHitNoSlot_RestsOnTheSemaphore()
    {
        TestVm vm = Of("v2");
        vm.Start(1);
        vm.Notifier.ChangePte(vm.Cpu, Hva.OfPage(1), default).GetResult();
        Assert.Null(vm.Machine.Violation);
        vm.End(1);
        vm.Notifier.ChangePte(vm.Cpu, Hva.OfPage(1), default).GetResult();
        Assert.Equal(MachineInvariants.LockDiscipline, vm.Machine.Violation!.Invariant);
    }

    [Fact]
    public void Patch7_ChangePteOutsideStartAndEnd_IsReported()
    {
        TestVm vm = Of("v2 patch 7");
        vm.Notifier.ChangePte(vm.Cpu, Hva.OfPage(1), default).GetResult();
        Assert.Equal(MmuInvariants.NoKernelWarning, vm.Machine.Violation!.Invariant);
    }

    /// <summary>S4-2, one way around: the end counts down what the start did not count up.</summary>
    [Fact]
    public void Unblocked_SlotCreatedBetweenStartAndEnd_CountsBelowZero()
    {
        TestVm vm = Of("unblocked");
        vm.Start(1);
        vm.Set(0, 0, 8, 0);
        vm.End(1);
        Assert.Equal(MmuInvariants.NoKernelWarning, vm.Machine.Violation!.Invariant);
    }

    /// <summary>S4-2, the other way around: the count stays above 0, and faults there retry for ever.</summary>
    [Fact]
    public void Unblocked_SlotDeletedBetweenStartAndEnd_HasFaultsRetryForEver()
    {
        TestVm vm = Of("unblocked");
        vm.Set(0, 0, 8, 0);
        vm.Start(1);
        vm.Delete(0);
        vm.End(1);
        Assert.Equal(1UL, vm.Kvm.MmuInvalidateInProgress.Peek);
        vm.Set(0, 0, 8, 0);
        vm.WithMmuLock(() => Assert.True(vm.Kvm.MmuInvalidateRetryGfn(vm.Cpu, vm.Kvm.MmuInvalidateSeq.Peek, new Gfn(1))));
        Assert.Null(vm.Machine.Violation);
    }

    /// <summary>S4-4: what PPC's conversion did.</summary>
    [Fact]
    public void FirstGfn_RangeOfTwo_LeavesTheSecondMapped()
    {
        TestVm vm = Architectures.Vm(Architectures.Mended, notifier: kvm => new NotifierFirstGfn(kvm));
        vm.Set(0, 0, 8, 0);
        vm.Fault(1);
        vm.Fault(2);
        vm.Start(1, 2);
        Assert.Equal((false, true), (vm.Pte(1).Present, vm.Pte(2).Present));
    }

    [Theory]
    [InlineData(0, true, 1)] // never yields: one flush for all
    [InlineData(1, true, 3)] // flushes before it yields
    [InlineData(2, true, 2)]
    [InlineData(1, false, 1)] // must not
    public void UnmapGfnRange_Large_YieldsOnlyWhereItMayBlock(int frames, bool mayBlock, int flushes)
    {
        TestVm vm = Architectures.Vm(Architectures.Mended, new KvmParameters { EntriesPerTable = 4, FramesUnmappedBetweenYields = frames });
        vm.Set(0, 0, 8, 0);
        for (ulong gfn = 1; gfn < 4; gfn++)
        {
            vm.Fault(gfn);
        }

        vm.Mm.Unmap(vm.Cpu, HvaRange.OfPages(1, 3), mayBlock).GetResult();

        Assert.Null(vm.Machine.Violation);
        Assert.Equal(flushes, vm.Seen.Flushes);
        Assert.False(vm.Pte(1).Present || vm.Pte(2).Present || vm.Pte(3).Present);
    }

    /// <summary>S4-8: a notification that was cut off would block the deletion of memslots.</summary>
    [Theory]
    [InlineData("today")]
    [InlineData("v2 patch 7")]
    public void Destroy_NotificationCutOff_DeletesMemslotsAllTheSame(string version)
    {
        TestVm vm = Of(version, new KvmParameters { EntriesPerTable = 4, DeletesMemslotsAtDestroy = true });
        vm.Set(0, 0, 8, 0);
        vm.Set(1, 8, 8, 8);
        vm.Start(1);
        vm.AssertDestroysCleanly();
    }

    private static TestVm Of(string version, KvmParameters? parameters = null) => Architectures.Vm(
        Architectures.Mended,
        parameters,
        version switch
        {
            "v2" => static kvm => new NotifierV2(kvm),
            "v2 patch 7" => static kvm => new NotifierV2Patch7(kvm),
            "v2 patch 8" => static kvm => new NotifierV2Patch8(kvm),
            "unblocked" => static kvm => new NotifierUnblocked(kvm),
            _ => null,
        });

    private sealed class AlwaysBlocks(Kvm kvm) : NotifierV2(kvm)
    {
        public override Coroutine InvalidateRangeStart(Cpu cpu, HvaRange range, bool mayBlock) => base.InvalidateRangeStart(cpu, range, mayBlock: true);
    }
}
