namespace MmuStress.Mmu.Tests;

public sealed class InvalidateTests
{
    private readonly TestVm vm = Architectures.Vm(Architectures.Merged);

    [Fact]
    public void Retry_NothingHappened_IsNotNeeded()
    {
        Assert.False(vm.Kvm.MmuInvalidateRetry(vm.Cpu, seq: 0).GetResult());
        vm.WithMmuLock(() => Assert.False(vm.Kvm.MmuInvalidateRetryGfn(vm.Cpu, seq: 0, new Gfn(1))));
    }

    [Fact]
    public void Retry_WhileInProgress_IsNeeded()
    {
        vm.Set(0, 0, 8, 0);
        vm.Start(1);
        Assert.True(vm.Kvm.MmuInvalidateRetry(vm.Cpu, seq: 0).GetResult());
    }

    [Fact]
    public void Retry_AfterEnd_IsNeededForAnOldSnapshotOnly()
    {
        vm.Set(0, 0, 8, 0);
        vm.Invalidate(1);
        Assert.True(vm.Kvm.MmuInvalidateRetry(vm.Cpu, seq: 0).GetResult());
        Assert.False(vm.Kvm.MmuInvalidateRetry(vm.Cpu, seq: 1).GetResult());
    }

    [Theory]
    [InlineData(1UL, false)]
    [InlineData(2UL, true)]
    [InlineData(3UL, true)]
    [InlineData(4UL, false)]
    public void RetryGfn_WhileInProgress_IsNeededInsideTheRange(ulong gfn, bool expected)
    {
        vm.Set(0, 0, 8, 0);
        vm.Start(2, 2);
        vm.WithMmuLock(() => Assert.Equal(expected, vm.Kvm.MmuInvalidateRetryGfn(vm.Cpu, seq: 0, new Gfn(gfn))));
    }

    [Fact]
    public void RetryGfn_AfterEnd_IsNeededEverywhere()
    {
        vm.Set(0, 0, 8, 0);
        vm.Invalidate(2);
        vm.WithMmuLock(() => Assert.True(vm.Kvm.MmuInvalidateRetryGfn(vm.Cpu, seq: 0, new Gfn(7))));
    }

    [Fact]
    public void Range_TwoInProgress_GrowsAndNeverShrinks()
    {
        vm.Set(0, 0, 16, 0);
        vm.Start(2, 2);
        vm.Start(9, 1);
        Assert.Equal((2UL, 10UL), Range());
        vm.End(9, 1);
        Assert.Equal((2UL, 10UL), Range());
        Assert.Equal(1UL, vm.Kvm.MmuInvalidateInProgress.Peek);
        vm.End(2, 2);
        vm.Start(5, 1);
        Assert.Equal((5UL, 6UL), Range());
    }

    [Fact]
    public void Seq_TwoBitsWide_WrapsAround()
    {
        TestVm narrow = Architectures.Vm(Architectures.Merged, new KvmParameters { EntriesPerTable = 4, SeqBits = 2 });
        narrow.Set(0, 0, 8, 0);
        for (int i = 0; i < 4; i++)
        {
            narrow.Invalidate(1);
        }

        Assert.Equal(0UL, narrow.Kvm.MmuInvalidateSeq.Peek);
        Assert.False(narrow.Kvm.MmuInvalidateRetry(narrow.Cpu, seq: 0).GetResult());
    }

    [Fact]
    public void RetryGfn_WithoutMmuLock_IsReported()
    {
        vm.Kvm.MmuInvalidateRetryGfn(vm.Cpu, seq: 0, new Gfn(1));
        Assert.Equal("LockDiscipline", vm.Machine.Violation!.Invariant);
    }

    [Fact]
    public void End_WithoutBegin_IsReported()
    {
        vm.Set(0, 0, 8, 0);
        vm.End(1);
        Assert.Equal(MmuInvariants.NoKernelWarning, vm.Machine.Violation!.Invariant);
    }

    private (ulong Start, ulong End) Range() => (vm.Kvm.MmuInvalidateRangeStart.Peek, vm.Kvm.MmuInvalidateRangeEnd.Peek);
}
