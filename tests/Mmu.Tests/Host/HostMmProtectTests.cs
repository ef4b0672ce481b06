namespace MmuStress.Mmu.Tests;

/// <summary>mprotect(), mmap(MAP_FIXED) and mremap() to a fixed place: what changes VMAs.</summary>
public sealed class HostMmProtectTests
{
    private readonly HostFixture host = new();

    [Fact]
    public void Mprotect_ToReadOnly_LetsReadsThroughAndNoWrites()
    {
        host.Write(1, 41);
        host.Write(2, 42);
        host.Notifier.Calls.Clear();

        Assert.True(Protect(1, 1, VmaFlags.None));

        Assert.Equal("start[1, 2) at pfn 2 rw; end[1, 2) at pfn 2 ro", host.Notifier.Text);
        Assert.Equal(41UL, host.Read(1));
        Assert.False(host.Mm.HostWrite(host.Cpu, Hva.OfPage(1), 7).GetResult());
        Assert.False(host.Gup(1, write: true).Ok);
        Assert.True(host.Gup(1, write: false) is { Ok: true, Writable: false });
        host.Write(2, 43);
        host.AssertClean();
    }

    [Fact]
    public void Mprotect_ToNothing_KeepsThePageAndLetsNobodyIn()
    {
        Frame frame = host.Mm.Populate(Hva.OfPage(1), 41);
        Assert.True(Protect(1, 1, VmaFlags.NoAccess));

        Assert.Equal((false, true, $"pfn {frame.Pfn} no access"), (host.Pte(1).IsPresent, host.Pte(1).IsProtNone, $"{host.Pte(1)}"));
        Assert.Null(host.Read(1));
        Assert.False(host.Gup(1, write: false).Ok);
        Assert.Equal(1UL, frame.RefCount.Peek);

        Assert.True(Protect(1, 1, VmaFlags.Write));
        Assert.Equal(41UL, host.Read(1));
        Assert.True(host.Pte(1).IsWritable); // dirty, and nobody shares it
        host.AssertClean();
    }

    [Fact]
    public void Mprotect_NotTouchedPages_StaysInForceForThem()
    {
        Assert.True(Protect(1, 2, VmaFlags.NoAccess));
        Assert.Null(host.Read(1));
        Assert.True(Protect(1, 1, VmaFlags.None));
        Assert.Equal(0UL, host.Read(1));
        Assert.Null(host.Read(2));
        Assert.False(host.Mm.HostWrite(host.Cpu, Hva.OfPage(1), 7).GetResult());
    }

    // The next write must still copy what somebody shares, whether it was accessible meanwhile or not.
    [Theory]
    [InlineData(VmaFlags.None)]
    [InlineData(VmaFlags.NoAccess)]
    public void Mprotect_ThereAndBack_LeavesCopyOnWriteAlone(VmaFlags flags)
    {
        host.Write(1, 41);
        var child = new HostMm(host.Machine, 8, null, host.Mm.Memory);
        host.Mm.Fork(host.Cpu, child, HvaRange.OfPages(1, 1)).GetResult();
        Protect(1, 1, flags);
        Protect(1, 1, VmaFlags.Write);

        Assert.True(host.Pte(1) is { IsPresent: true, IsWritable: false });
        host.Write(1, 42);
        Assert.Equal(41UL, child.HostRead(host.Cpu, Hva.OfPage(1)).GetResult());
    }

    [Fact]
    public void Fork_OfAPageThatNobodyMayAccess_SharesIt()
    {
        Frame frame = host.Mm.Populate(Hva.OfPage(1), 41);
        Protect(1, 1, VmaFlags.NoAccess);
        var child = new HostMm(host.Machine, 8, null, host.Mm.Memory);
        host.Mm.Fork(host.Cpu, child, HvaRange.OfPages(1, 1)).GetResult();
        Protect(1, 1, VmaFlags.Write);
        Assert.Equal((2UL, false), (frame.RefCount.Peek, host.Pte(1).IsWritable));
    }

    [Fact]
    public void Mprotect_OfWhatIsSoAlready_TellsNobody()
    {
        host.Write(1, 41);
        host.Notifier.Calls.Clear();
        Assert.True(Protect(0, 8, VmaFlags.Write));
        Assert.Empty(host.Notifier.Calls);
    }

    [Fact]
    public void Mprotect_AcrossAHole_GoesAsFarAsThere()
    {
        host.Write(1, 41);
        host.Write(3, 43);
        host.Mm.Munmap(host.Cpu, HvaRange.OfPages(2, 1)).GetResult();
        Assert.False(Protect(1, 3, VmaFlags.None));
        Assert.Equal((false, true), (host.Pte(1).IsWritable, host.Pte(3).IsWritable));
        host.AssertClean();
    }

    // Pieces of one VMA become one again: a collapse wants its range in one.
    [Fact]
    public void Mprotect_ThereAndBack_LeavesOneVma()
    {
        host.Write(1, 41);
        host.Write(2, 42);
        Protect(2, 1, VmaFlags.None);
        Assert.False(host.Mm.ThpCollapse(host.Cpu, HvaRange.OfPages(1, 2)).GetResult());
        Protect(2, 1, VmaFlags.Write);
        Assert.True(host.Mm.ThpCollapse(host.Cpu, HvaRange.OfPages(1, 2)).GetResult());
        host.AssertClean();
    }

    [Fact]
    public void ThpCollapse_WithAPageThatNobodyMayAccess_Fails()
    {
        host.Write(1, 41);
        host.Write(2, 42);
        Protect(1, 2, VmaFlags.NoAccess);
        Frame frame = host.Mm.Memory.FrameAt(host.Pte(1).Pfn);
        Assert.False(host.Mm.ThpCollapse(host.Cpu, HvaRange.OfPages(1, 2)).GetResult());
        Assert.Equal((true, false), (host.Pte(1).IsProtNone, frame.IsFreed));
    }

    [Theory]
    [InlineData(VmaFlags.None)]
    [InlineData(VmaFlags.NoAccess)]
    public void Unmap_OfAProtectedPage_FreesIt(VmaFlags flags)
    {
        Frame frame = host.Mm.Populate(Hva.OfPage(1), 41);
        Protect(1, 1, flags);
        host.Mm.Unmap(host.Cpu, HvaRange.OfPages(1, 1)).GetResult();
        Assert.True(frame.IsFreed);
        host.AssertClean();
    }

    [Fact]
    public void MapFixed_ReplacesWhatIsThere()
    {
        Frame frame = host.Mm.Populate(Hva.OfPage(1), 41);
        Protect(1, 1, VmaFlags.NoAccess);
        host.Notifier.Calls.Clear();

        host.Mm.MapFixed(host.Cpu, HvaRange.OfPages(1, 2)).GetResult();

        Assert.Equal("start[1, 3) at pfn 2 no access; end[1, 3) at none", host.Notifier.Text);
        Assert.True(frame.IsFreed);
        host.Write(1, 7);
        Assert.True(host.Mm.ThpCollapse(host.Cpu, HvaRange.OfPages(0, 4)).GetResult()); // one VMA again
        host.AssertClean();
    }

    [Fact]
    public void MapFixed_InAHole_TellsNobody()
    {
        host.Mm.Munmap(host.Cpu, HvaRange.OfPages(1, 1)).GetResult();
        host.Notifier.Calls.Clear();
        host.Mm.MapFixed(host.Cpu, HvaRange.OfPages(1, 1)).GetResult();
        Assert.Empty(host.Notifier.Calls);
        host.Write(1, 7);
    }

    [Fact]
    public void MremapTo_MovesPagesAndWhatIsAllowed()
    {
        Frame moved = host.Mm.Populate(Hva.OfPage(1), 41);
        Frame replaced = host.Mm.Populate(Hva.OfPage(5), 45);
        Protect(1, 1, VmaFlags.None);
        host.Notifier.Calls.Clear();

        Assert.True(host.Mm.MremapTo(host.Cpu, HvaRange.OfPages(1, 1), 5).GetResult());

        Assert.Equal(
            "start[5, 6) at pfn 3 rw; end[5, 6) at none; start[1, 2) at pfn 2 ro; end[1, 2) at none; start[1, 2) at none; end[1, 2) at none",
            host.Notifier.Text);
        Assert.Equal((true, false), (replaced.IsFreed, moved.IsFreed));
        Assert.Equal(41UL, host.Read(5));
        Assert.False(host.Mm.HostWrite(host.Cpu, Hva.OfPage(5), 7).GetResult());
        Assert.Null(host.Read(1)); // the VMA went along
        host.AssertClean();
    }

    [Fact]
    public void MremapTo_OfWhatIsNotInOneVma_Fails()
    {
        host.Write(1, 41);
        Protect(2, 1, VmaFlags.None);
        Assert.False(host.Mm.MremapTo(host.Cpu, HvaRange.OfPages(1, 2), 5).GetResult());
        Assert.Equal(41UL, host.Read(1));
        Assert.Null(host.Read(5)); // unmapped all the same
        host.AssertClean();
    }

    private bool Protect(ulong page, ulong count, VmaFlags flags) => host.Mm.Mprotect(host.Cpu, HvaRange.OfPages(page, count), flags).GetResult();
}
