using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

public sealed class HostMmZapTests
{
    [Fact]
    public void Unmap_OfAMappedPage_FreesItBetweenStartAndEnd()
    {
        var host = new HostFixture();
        host.Write(1, 42);
        Frame frame = host.Mm.Memory.FrameAt(host.Pte(1).Pfn);

        host.Mm.Unmap(host.Cpu, HvaRange.OfPages(1, 1)).GetResult();

        Assert.Equal("start[1, 2) at pfn 2 rw; end[1, 2) at none", host.Notifier.Text);
        Assert.True(frame.IsFreed);
        Assert.Equal(0UL, host.Read(1));
        host.AssertClean();
    }

    [Fact]
    public void Unmap_WhileAReferenceIsHeld_FreesWithTheLastPut()
    {
        var host = new HostFixture();
        Frame frame = host.Gup(1, write: true).Frame!;

        host.Mm.Unmap(host.Cpu, HvaRange.OfPages(1, 1)).GetResult();

        Assert.False(frame.IsFreed);
        Assert.True(host.Put(frame));
        Assert.True(frame.IsFreed);
        host.AssertClean();
    }

    [Fact]
    public void Unmap_ByTheOomReaper_SaysThatNobodyMayBlock()
    {
        var host = new HostFixture();

        host.Mm.Unmap(host.Cpu, HvaRange.OfPages(1, 2), mayBlock: false).GetResult();

        Assert.Equal("start[1, 3) nonblock at none; end[1, 3) nonblock at none", host.Notifier.Text);
    }

    [Fact]
    public void OomReap_TellsOfEachVma_AndFreesWhatIsThere()
    {
        var host = new HostFixture(pages: 6);
        host.Write(1, 42);
        host.Write(5, 43);
        host.Mm.Munmap(host.Cpu, HvaRange.OfPages(2, 2)).GetResult();
        host.Notifier.Calls.Clear();

        host.Mm.OomReap(host.Cpu).GetResult();

        Assert.Equal(
            ["end[0, 2) nonblock at none", "end[4, 6) nonblock at none", "start[0, 2) nonblock at none", "start[4, 6) nonblock at none"],
            host.Notifier.Calls.Order(StringComparer.Ordinal));
        Assert.Equal((true, true), (host.Pte(1).IsNone, host.Pte(5).IsNone));
        host.AssertClean();
    }

    [Theory]
    [InlineData(OomReaperMode.Skips, false)]
    [InlineData(OomReaperMode.TellsNobody, true)]
    public void OomReap_AsItWasBefore_TellsNobody(OomReaperMode reaper, bool frees)
    {
        var host = new HostFixture(parameters: new HostMmParameters { OomReaper = reaper });
        host.Write(1, 42);
        host.Notifier.Calls.Clear();

        host.Mm.OomReap(host.Cpu).GetResult();

        Assert.Empty(host.Notifier.Calls);
        Assert.Equal(frees, host.Pte(1).IsNone);
        host.AssertClean();
    }

    [Theory]
    [InlineData(1UL, 1UL, "start[1, 2); start[1, 4); end[1, 4); end[1, 2)")] // the first of three
    [InlineData(2UL, 1UL, "start[2, 3); start[1, 4); end[1, 4); end[2, 3)")] // in the middle: split once
    [InlineData(1UL, 3UL, "start[1, 4); end[1, 4)")] // all of it
    [InlineData(4UL, 2UL, "start[4, 6); end[4, 6)")] // beside it
    public void Unmap_OfAPartOfAHugePage_SplitsItInside(ulong first, ulong count, string expected)
    {
        var host = new HostFixture(parameters: new HostMmParameters { SplitsOnPartialUnmap = true });
        for (ulong page = 1; page < 4; page++)
        {
            host.Write(page, page);
        }

        Assert.True(host.Mm.ThpCollapse(host.Cpu, HvaRange.OfPages(1, 3)).GetResult());
        host.Notifier.Calls.Clear();

        host.Mm.Unmap(host.Cpu, HvaRange.OfPages(first, count)).GetResult();

        Assert.Equal(expected, string.Join("; ", host.Notifier.Calls.Select(call => call[..call.IndexOf(" at ", StringComparison.Ordinal)])));
        Assert.Equal(first == 4, host.Pte(3).IsHuge);
        host.AssertClean();
    }

    [Theory]
    [InlineData(1, "free free free end")]
    [InlineData(2, "free free end free")]
    [InlineData(16, "end free free free")]
    public void Unmap_OfThreePages_FreesFullBatchesBeforeTheEnd(int batch, string expected)
    {
        var host = new HostFixture(parameters: new HostMmParameters { GatherBatch = batch });
        List<Frame> frames = [];
        for (ulong page = 1; page <= 3; page++)
        {
            frames.Add(host.Mm.Populate(Hva.OfPage(page)));
        }

        int freedAtEnd = -1;
        host.Mm.RegisterNotifier(new EndNotifier(() => freedAtEnd = frames.Count(frame => frame.IsFreed)));

        host.Mm.Unmap(host.Cpu, HvaRange.OfPages(1, 3)).GetResult();

        Assert.Equal(expected.Split(' ').TakeWhile(word => word == "free").Count(), freedAtEnd);
        Assert.All(frames, frame => Assert.True(frame.IsFreed));
        host.AssertClean();
    }

    [Fact]
    public void Unmap_AcrossPageTables_ClearsEveryPage()
    {
        var host = new HostFixture(pages: 1030);
        Frame low = host.Mm.Populate(Hva.OfPage(510));
        Frame high = host.Mm.Populate(Hva.OfPage(1025));

        host.Mm.Unmap(host.Cpu, HvaRange.OfPages(0, 1030)).GetResult();

        Assert.True(low.IsFreed);
        Assert.True(high.IsFreed);
        host.AssertClean();
    }

    [Fact]
    public void Frame_UsedAfterTheLastPut_IsReported()
    {
        var host = new HostFixture();
        Frame frame = host.Gup(1, write: true).Frame!;
        host.Mm.Unmap(host.Cpu, HvaRange.OfPages(1, 1)).GetResult();
        host.Put(frame);
        Assert.Null(host.Machine.Violation);

        frame.MarkDirty(host.Cpu).GetResult();

        Assert.Equal("NoPageUseAfterFree", host.Machine.Violation?.Invariant);
        Assert.Contains($"pfn {frame.Pfn}", host.Machine.Violation!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Frame_PutTwice_IsReported()
    {
        var host = new HostFixture();
        Frame frame = host.Mm.Memory.Allocate();
        Assert.True(host.Put(frame));

        host.Put(frame);

        Assert.Equal("NoPageUseAfterFree", host.Machine.Violation?.Invariant);
    }

    [Fact]
    public void FrameNumber_OfAFreedPage_IsNotGivenAgainSoon()
    {
        var host = new HostFixture();
        Pfn freed = host.Mm.Memory.Allocate().Pfn;
        host.Put(host.Mm.Memory.FrameAt(freed));

        for (int i = 0; i < 1000; i++)
        {
            Assert.NotEqual(freed, host.Mm.Memory.Allocate().Pfn);
        }

        Assert.True(host.Mm.Memory.FrameAt(freed).IsFreed);
    }

    [Fact]
    public void FrameNumber_AfterThousandsOfFrees_IsGivenToAnotherFrame()
    {
        var host = new HostFixture();
        Frame first = host.Mm.Memory.Allocate();
        host.Put(first);

        Frame? again = null;
        for (int i = 0; i < 10_000 && again is null; i++)
        {
            Frame frame = host.Mm.Memory.Allocate();
            again = frame.Pfn == first.Pfn ? frame : null;
            host.Put(frame);
        }

        Assert.NotNull(again);
        Assert.NotSame(first, again);
    }

    [Fact]
    public void Munmap_OfAWholeVma_FreesTheVma()
    {
        var host = new HostFixture();
        host.Cpu.ReadLock(host.Mm.MmapLock).GetResult();
        Vma vma = host.Mm.FindVma(host.Cpu, Hva.OfPage(1))!;
        host.Cpu.ReadUnlock(host.Mm.MmapLock).GetResult();
        Frame frame = host.Mm.Populate(Hva.OfPage(1));

        Assert.True(host.Mm.Munmap(host.Cpu, HvaRange.OfPages(0, 8)).GetResult());
        Assert.True(frame.IsFreed);
        host.AssertClean();

        vma.Flags(host.Cpu);
        Assert.Equal("NoVmaUseAfterFree", host.Machine.Violation?.Invariant);
    }

    [Fact]
    public void Munmap_InTheMiddle_SplitsTheVma()
    {
        var host = new HostFixture();

        Assert.True(host.Mm.Munmap(host.Cpu, HvaRange.OfPages(3, 2)).GetResult());

        Assert.True(host.Gup(2, write: true).Ok);
        Assert.False(host.Gup(3, write: true).Ok);
        Assert.False(host.Gup(4, write: true).Ok);
        Assert.True(host.Gup(5, write: true).Ok);
        Assert.False(host.Mm.Munmap(host.Cpu, HvaRange.OfPages(3, 2)).GetResult());
        host.AssertClean();
    }

    [Fact]
    public void Map_OverWhatIsMapped_IsRefused()
    {
        var host = new HostFixture();

        Assert.False(host.Mm.Map(host.Cpu, HvaRange.OfPages(1, 1)).GetResult());
        Assert.True(host.Mm.Munmap(host.Cpu, HvaRange.OfPages(1, 1)).GetResult());
        Assert.True(host.Mm.Map(host.Cpu, HvaRange.OfPages(1, 1)).GetResult());

        host.Write(1, 5);
        Assert.Equal(5UL, host.Read(1));
        host.AssertClean();
    }

    [Fact]
    public void Release_OfTheAddressSpace_ReleasesNotifiersFirstAndFreesEverything()
    {
        var host = new HostFixture();
        Frame frame = host.Mm.Populate(Hva.OfPage(1));
        host.Notifier.Calls.Clear();

        host.Mm.Release(host.Cpu).GetResult();

        Assert.Equal("release", host.Notifier.Text);
        Assert.True(frame.IsFreed);
        Assert.False(host.Gup(1, write: false).Ok);
        host.AssertClean();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void UnregisterNotifier_Twice_ReleasesOnceAndCallsNoMore(bool mayUnregister)
    {
        var host = new HostFixture(parameters: new HostMmParameters { NotifiersMayUnregister = mayUnregister });
        host.Mm.Unmap(host.Cpu, HvaRange.OfPages(1, 1)).GetResult();
        Assert.Equal(2, host.Notifier.Calls.Count);

        host.Mm.UnregisterNotifier(host.Cpu, host.Notifier).GetResult();
        host.Mm.UnregisterNotifier(host.Cpu, host.Notifier).GetResult();
        host.Mm.Unmap(host.Cpu, HvaRange.OfPages(1, 1)).GetResult();
        host.Mm.Release(host.Cpu).GetResult();

        Assert.Equal(1, host.Notifier.Releases);
        Assert.Equal(3, host.Notifier.Calls.Count);
        host.AssertClean();
    }
}
