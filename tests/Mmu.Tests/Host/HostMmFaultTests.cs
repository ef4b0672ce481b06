using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

public sealed class HostMmFaultTests
{
    private static readonly LockClass SpinLockClass = new("a spinning lock", maySleep: false);

    [Fact]
    public void GetUserPage_ReadOfUnbackedMemory_FindsTheZeroPageReadOnly()
    {
        var host = new HostFixture();

        UserPage page = host.Gup(1, write: false);

        Assert.True(page.Ok);
        Assert.True(page.Frame!.IsZeroPage);
        Assert.False(page.Writable);
        Assert.False(host.Put(page.Frame));
        Assert.Empty(host.Notifier.Calls);
        host.AssertClean();
    }

    [Fact]
    public void GetUserPage_ReadWithoutZeroPage_FindsAFreshWritablePage()
    {
        var host = new HostFixture(parameters: new HostMmParameters { ReadFaultMapsZeroPage = false });

        UserPage page = host.Gup(1, write: false);

        Assert.False(page.Frame!.IsZeroPage);
        Assert.True(page.Writable);
        Assert.Equal(2UL, page.Frame.RefCount.Peek);
        host.AssertClean();
    }

    [Fact]
    public void GetUserPage_WriteToUnbackedMemory_FindsAFreshWritablePage()
    {
        var host = new HostFixture();

        UserPage page = host.Gup(1, write: true);

        Assert.False(page.Frame!.IsZeroPage);
        Assert.True(page.Writable);
        Assert.Equal(2UL, page.Frame.RefCount.Peek);
        Assert.Empty(host.Notifier.Calls);
        host.AssertClean();
    }

    [Fact]
    public void GetUserPage_SamePageTwice_CountsEachReference()
    {
        var host = new HostFixture();

        Frame frame = host.Gup(1, write: true).Frame!;
        Assert.Same(frame, host.Gup(1, write: false).Frame);

        Assert.Equal(3UL, frame.RefCount.Peek);
        Assert.False(host.Put(frame));
        Assert.False(host.Put(frame));
        Assert.Equal(1UL, frame.RefCount.Peek);
    }

    [Fact]
    public void GetUserPage_WriteToTheZeroPage_BreaksCopyOnWriteBetweenStartAndEnd()
    {
        var host = new HostFixture();
        host.Gup(1, write: false);

        UserPage page = host.Gup(1, write: true);

        Assert.Equal(
            "start[1, 2) at pfn 1 ro; change_pte 1 -> pfn 2 rw at none; end[1, 2) at pfn 2 rw",
            host.Notifier.Text);
        Assert.Equal(new Pfn(2), page.Pfn);
        Assert.Equal(2UL, page.Frame!.RefCount.Peek);
        host.AssertClean();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void GetUserPage_WithoutVma_FindsNothing(bool write)
    {
        var host = new HostFixture();
        Assert.True(host.Mm.Munmap(host.Cpu, HvaRange.OfPages(1, 1)).GetResult());

        Assert.False(host.Gup(1, write).Ok);
        Assert.False(host.Gup(99, write).Ok);
        host.AssertClean();
    }

    [Fact]
    public void GetUserPage_WriteToReadOnlyVma_FindsNothing()
    {
        var host = new HostFixture();
        host.Mm.Munmap(host.Cpu, HvaRange.OfPages(1, 1)).GetResult();
        Assert.True(host.Mm.Map(host.Cpu, HvaRange.OfPages(1, 1), VmaFlags.None).GetResult());

        Assert.False(host.Gup(1, write: true).Ok);
        Assert.True(host.Gup(1, write: false).Ok);
        host.AssertClean();
    }

    [Fact]
    public void GetUserPage_UnderASpinLock_IsReported()
    {
        var host = new HostFixture();
        host.Cpu.Lock(new MmuStress.Machine.SpinLock(host.Machine, SpinLockClass)).GetResult();

        host.Gup(1, write: true);

        Assert.Equal(MachineInvariants.LockDiscipline, host.Machine.Violation?.Invariant);
    }

    [Fact]
    public void HostWrite_ToFreshMemory_IsReadBack()
    {
        var host = new HostFixture();

        host.Write(1, 42);

        Assert.Equal(42UL, host.Read(1));
        Assert.Equal(0UL, host.Read(2));
        Assert.True(host.Pte(1).IsDirty);
        Assert.True(host.Pte(1).IsYoung);
    }

    [Fact]
    public void HostAccess_WithoutVma_IsRefused()
    {
        var host = new HostFixture();
        host.Mm.Munmap(host.Cpu, HvaRange.OfPages(0, 8)).GetResult();

        Assert.Null(host.Read(1));
        Assert.False(host.Mm.HostWrite(host.Cpu, Hva.OfPage(1), 1).GetResult());
    }

    [Fact]
    public void HostWrite_ToASharedPage_CopiesContentAndLeavesTheOther()
    {
        var host = new HostFixture();
        var child = new HostMm(host.Machine, 8, memory: host.Mm.Memory);
        host.Write(1, 42);
        host.Mm.Fork(host.Cpu, child, HvaRange.OfPages(0, 8)).GetResult();
        Assert.Equal("start[0, 8) at none; end[0, 8) at none", host.Notifier.Text);
        Frame shared = host.Mm.Memory.FrameAt(host.Pte(1).Pfn);
        Assert.Equal(2UL, shared.RefCount.Peek);
        Assert.False(host.Pte(1).IsWritable);
        host.Notifier.Calls.Clear();

        UserPage mine = host.Gup(1, write: true);

        Assert.Equal(42UL, mine.Frame!.Content.Peek);
        Assert.NotSame(shared, mine.Frame);
        Assert.Equal(1UL, shared.RefCount.Peek);
        Assert.Equal(42UL, child.HostRead(host.Cpu, Hva.OfPage(1)).GetResult());
        Assert.Equal(
            $"start[1, 2) at pfn {shared.Pfn} ro; change_pte 1 -> pfn {mine.Pfn} rw at none; end[1, 2) at pfn {mine.Pfn} rw",
            host.Notifier.Text);
        host.AssertClean();
    }

    [Fact]
    public void HostWrite_ToAPageNobodySharesAnyMore_TakesItOverWithoutNotifying()
    {
        var host = new HostFixture();
        var child = new HostMm(host.Machine, 8, memory: host.Mm.Memory);
        host.Write(1, 42);
        host.Mm.Fork(host.Cpu, child, HvaRange.OfPages(1, 1)).GetResult();
        child.Release(host.Cpu).GetResult();
        Pfn before = host.Pte(1).Pfn;
        host.Notifier.Calls.Clear();

        host.Write(1, 43);

        Assert.Equal(before, host.Pte(1).Pfn);
        Assert.True(host.Pte(1).IsWritable);
        Assert.Empty(host.Notifier.Calls);
        host.AssertClean();
    }

    [Fact]
    public void Populate_BeforeTheRun_MapsAPageWithContent()
    {
        var host = new HostFixture();

        Frame frame = host.Mm.Populate(Hva.OfPage(3), 7);

        Assert.Equal(7UL, host.Read(3));
        Assert.Equal(frame.Pfn, host.Pte(3).Pfn);
        Assert.True(host.Pte(3).IsWritable);
    }
}
