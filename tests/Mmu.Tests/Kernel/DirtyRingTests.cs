using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

public sealed class DirtyRingTests
{
    private const int Size = 8;
    private const int Reserved = 2;

    private readonly TestVm vm = Architectures.Vm(Architectures.Merged);
    private readonly Resets resets = new();

    public DirtyRingTests()
    {
        vm.Kvm.EnableDirtyRing(id => new DirtyRing(vm.Machine, id, Size, Reserved));
        vm.Kvm.Tracepoints = resets;
        vm.Set(0, 4, 16, 8, MemslotFlags.LogDirtyPages);
    }

    private DirtyRing Ring => vm.Kvm.DirtyRings[0];

    [Fact]
    public void Write_IsPushedOnce_UntilItsEntryIsReset()
    {
        Write(6);
        Write(6);
        Assert.Equal((1UL, DirtyRing.FlagDirty, 0UL, 2UL), (Ring.DirtyIndex.Peek, Ring.Flags(0).Peek, Ring.Slot(0).Peek, Ring.Offset(0).Peek));

        Assert.Equal(0, Reset()); // not taken out yet
        Take(0);
        Assert.Equal(1, Reset());
        Assert.Equal((0UL, 1UL), (Ring.Flags(0).Peek, Ring.ResetIndex.Peek));
        Write(6);
        Assert.Equal(2UL, Ring.DirtyIndex.Peek);
    }

    [Fact]
    public void DirtyLog_WithRings_IsRefused()
    {
        Assert.Equal(-Errno.ENXIO, vm.Kvm.GetDirtyLog(vm.Cpu, 0, new ulong[1]).GetResult());
        Assert.Equal(-Errno.EINVAL, Architectures.Vm(Architectures.Merged).Kvm.ResetDirtyRings(vm.Cpu).GetResult());
    }

    [Fact]
    public void Ring_AtItsSoftLimit_StopsTheVcpuBeforeItEntersTheGuest()
    {
        for (ulong i = 0; i < Size - Reserved - 1; i++)
        {
            Assert.Equal(GuestExit.None, Write(4 + i));
        }

        Assert.Equal(GuestExit.DirtyRingFull, Write(15));
        Assert.Equal(GuestExit.DirtyRingFull, Write(4)); // also a write that needs no entry
        for (ulong n = 0; n < Size - Reserved; n++)
        {
            Take(n);
        }

        Assert.Equal(Size - Reserved, Reset());
        Assert.Equal(GuestExit.None, Write(15));
    }

    // What is near is protected by one call, forwards and backwards; what is not gets another.
    [Theory]
    [InlineData(new ulong[] { 0, 1, 5 }, "0:23")]
    [InlineData(new ulong[] { 5, 1, 0 }, "0:23")]
    [InlineData(new ulong[] { 3, 3 }, "3:1")]
    [InlineData(new ulong[] { 2, 4, 1 }, "1:b")]
    public void Reset_NearbyPages_AreProtectedTogether(ulong[] pages, string expected)
    {
        foreach (ulong page in pages)
        {
            Write(4 + page);
        }

        Overwrite(pages);
        Assert.Equal(pages.Length, Reset());
        Assert.Equal(expected, string.Join(' ', resets.Seen));
    }

    [Fact]
    public void Reset_EntriesThatUserSpaceMadeUp_AreIgnored()
    {
        Write(4);
        Write(5);
        Overwrite([ulong.MaxValue, 0]);
        Assert.Equal(2, Reset());
        Assert.Empty(resets.Seen);

        Write(6);
        vm.Cpu.WriteOnce(Ring.Slot(2), 9).GetResult();
        Take(2);
        Assert.Equal(1, Reset());
        Assert.Empty(resets.Seen);
        Assert.Null(vm.Machine.Violation);
    }

    private GuestExit Write(ulong gfn) => vm.Vcpu.GuestWrite(vm.Cpu, new Gfn(gfn).Gpa, 1).GetResult().Exit;

    private int Reset() => vm.Kvm.ResetDirtyRings(vm.Cpu).GetResult();

    private void Take(ulong n) => vm.Cpu.StoreRelease(Ring.Flags(n), DirtyRing.FlagReset).GetResult();

    private void Overwrite(ulong[] offsets)
    {
        for (int n = 0; n < offsets.Length; n++)
        {
            vm.Cpu.WriteOnce(Ring.Offset((ulong)n), offsets[n]).GetResult();
            Take((ulong)n);
        }
    }

    private sealed class Resets : IMmuTracepoints
    {
        public List<string> Seen { get; } = [];

        public void DirtyRingReset(Cpu cpu, Kvm kvm, Memslot slot, ulong offset, ulong mask) => Seen.Add($"{offset}:{mask:x}");
    }
}
