namespace MmuStress.Mmu.Tests;

public sealed class DirtyLogTests
{
    private static readonly KvmParameters Manual = new() { EntriesPerTable = 4, ManualProtect = true };

    [Theory]
    [InlineData(Architectures.V3)]
    [InlineData(Architectures.V20)]
    [InlineData(Architectures.Merged)]
    [InlineData(Architectures.Mended)]
    public void Get_AfterWrites_ReportsThemOnceAndProtects(string architecture)
    {
        TestVm vm = Architectures.Vm(architecture);
        vm.Set(0, 4, 8, 8, MemslotFlags.LogDirtyPages);
        vm.Fault(5, write: true);
        vm.Fault(7, write: true);
        vm.Fault(8);
        Assert.Equal(0b1010UL, vm.GetDirtyLog()[0]);
        Assert.False(vm.Pte(5).Dirty);
        Assert.True(vm.Pte(5).Writable);
        Assert.Equal(1, vm.Seen.Flushes);
        Assert.Equal(0UL, vm.GetDirtyLog()[0]);
        Assert.Equal(1, vm.Seen.Flushes);
        vm.Fault(7, write: true); // by the fast path
        Assert.Equal(0b1000UL, vm.GetDirtyLog()[0]);
        vm.AssertDestroysCleanly();
    }

    [Fact]
    public void Get_ManualProtect_NeitherClearsNorFlushes()
    {
        TestVm vm = Architectures.Vm(Architectures.Merged, Manual);
        vm.Set(0, 4, 8, 8, MemslotFlags.LogDirtyPages);
        vm.Fault(5, write: true);
        Assert.Equal(0b10UL, vm.GetDirtyLog()[0]);
        Assert.Equal(0b10UL, vm.GetDirtyLog()[0]);
        Assert.True(vm.Pte(5).Dirty);
        Assert.Equal(0, vm.Seen.Flushes);
    }

    [Fact]
    public void Clear_SomeOfTheBits_ClearsAndProtectsThem()
    {
        TestVm vm = Architectures.Vm(Architectures.Merged, Manual);
        vm.Set(0, 4, 8, 8, MemslotFlags.LogDirtyPages);
        vm.Fault(5, write: true);
        vm.Fault(7, write: true);
        Assert.Equal(0, vm.Kvm.ClearDirtyLog(vm.Cpu, 0, 0, 8, [0b10UL]).GetResult());
        Assert.Equal(0b1000UL, vm.GetDirtyLog()[0]);
        Assert.False(vm.Pte(5).Dirty);
        Assert.True(vm.Pte(7).Dirty);
        Assert.Equal(1, vm.Seen.Flushes);
    }

    [Fact]
    public void Clear_BitsThatAreNotSet_DoesNothing()
    {
        TestVm vm = Architectures.Vm(Architectures.Merged, Manual);
        vm.Set(0, 4, 8, 8, MemslotFlags.LogDirtyPages);
        vm.Fault(5, write: true);
        Assert.Equal(0, vm.Kvm.ClearDirtyLog(vm.Cpu, 0, 0, 8, [~0b10UL]).GetResult());
        Assert.True(vm.Pte(5).Dirty);
        Assert.Equal(0, vm.Seen.Flushes);
    }

    [Theory]
    [InlineData(1UL, 7UL)]
    [InlineData(0UL, 9UL)]
    [InlineData(0UL, 4UL)]
    [InlineData(64UL, 0UL)]
    public void Clear_BadRange_IsRefused(ulong firstPage, ulong numPages)
    {
        TestVm vm = Architectures.Vm(Architectures.Merged, Manual);
        vm.Set(0, 4, 8, 8, MemslotFlags.LogDirtyPages);
        Assert.Equal(-Errno.EINVAL, vm.Kvm.ClearDirtyLog(vm.Cpu, 0, firstPage, numPages, [0UL]).GetResult());
    }

    [Fact]
    public void Get_WithoutALog_IsRefused()
    {
        TestVm vm = Architectures.Vm(Architectures.Merged);
        vm.Set(0, 4, 8, 8);
        Assert.Equal(-Errno.ENOENT, vm.Kvm.GetDirtyLog(vm.Cpu, 0, new ulong[1]).GetResult());
        Assert.Equal(-Errno.ENOENT, vm.Kvm.GetDirtyLog(vm.Cpu, 1, new ulong[1]).GetResult());
        Assert.Equal(-Errno.EINVAL, vm.Kvm.GetDirtyLog(vm.Cpu, -1, new ulong[1]).GetResult());
        vm.Set(0, 4, 8, 8, MemslotFlags.LogDirtyPages);
        Assert.Equal(-Errno.EFAULT, vm.Kvm.GetDirtyLog(vm.Cpu, 0, []).GetResult());
        Assert.Equal(0, vm.Cpu.Held.Count);
    }

    [Fact]
    public void InitiallySet_NewLog_IsAllOnesForItsPagesAndProtectsNothing()
    {
        TestVm vm = Architectures.Vm(Architectures.Merged, Manual with { InitiallySet = true });
        vm.Set(0, 4, 8, 8);
        vm.Fault(5, write: true);
        vm.Set(0, 4, 8, 8, MemslotFlags.LogDirtyPages);
        Assert.Equal(0xffUL, vm.GetDirtyLog()[0]);
        Assert.True(vm.Pte(5).Dirty);
        Assert.Equal(0, vm.Kvm.ClearDirtyLog(vm.Cpu, 0, 0, 8, [ulong.MaxValue]).GetResult());
        Assert.False(vm.Pte(5).Dirty);
        vm.AssertDestroysCleanly();
    }

    [Fact]
    public void InitiallySet_V20_ProtectsAllTheSame()
    {
        TestVm vm = Architectures.Vm(Architectures.V20, Manual with { InitiallySet = true });
        vm.Set(0, 4, 8, 8);
        vm.Fault(5, write: true);
        vm.Set(0, 4, 8, 8, MemslotFlags.LogDirtyPages);
        Assert.False(vm.Pte(5).Dirty);
    }

    [Fact]
    public void Move_WithALog_KeepsItsBits()
    {
        TestVm vm = Architectures.Vm(Architectures.Merged);
        vm.Set(0, 4, 8, 8, MemslotFlags.LogDirtyPages);
        vm.Fault(5, write: true);
        vm.Set(0, 32, 8, 8, MemslotFlags.LogDirtyPages);
        Assert.Equal(0b10UL, vm.GetDirtyLog()[0]);
        vm.AssertDestroysCleanly();
    }

    [Fact]
    public void MarkPageDirty_WithoutALog_DoesNothing()
    {
        TestVm vm = Architectures.Vm(Architectures.Merged);
        vm.Set(0, 4, 8, 8);
        vm.Kvm.MarkPageDirty(vm.Cpu, new Gfn(5)).GetResult();
        vm.Kvm.MarkPageDirty(vm.Cpu, new Gfn(50)).GetResult();
        Assert.Empty(vm.Seen.Dirtied);
    }

    [Fact]
    public void Log_OfMoreThan64Pages_HasMoreWords()
    {
        TestVm vm = Architectures.Vm(Architectures.V20, new KvmParameters { EntriesPerTable = 8 });
        vm.Set(0, 100, 130, 0, MemslotFlags.LogDirtyPages);
        vm.Kvm.MarkPageDirty(vm.Cpu, new Gfn(100 + 64)).GetResult();
        vm.Kvm.MarkPageDirty(vm.Cpu, new Gfn(100 + 129)).GetResult();
        ulong[] bitmap = new ulong[3];
        Assert.Equal(0, vm.Kvm.GetDirtyLog(vm.Cpu, 0, bitmap).GetResult());
        Assert.Equal([0UL, 1UL, 2UL], bitmap);
    }
}
