using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

/// <summary>Migration, KSM and transparent huge pages: what moves content between frames.</summary>
public sealed class HostMmMoveTests
{
    [Theory]
    [InlineData(0UL, false, "")]
    [InlineData(0UL, true, "start[1, 1); end[1, 1)")] // before 01e67e04c281
    [InlineData(2UL, false, "start[1, 3); end[1, 3)")]
    public void Mremap_MovesMappings_AndSaysSo(ulong count, bool notifiesOfNothing, string expected)
    {
        var host = new HostFixture(parameters: new HostMmParameters { MremapNotifiesOfNothing = notifiesOfNothing });
        host.Write(1, 41);
        host.Write(2, 42);
        host.Notifier.Calls.Clear();

        host.Mm.Mremap(host.Cpu, 1, count, 5).GetResult();

        Assert.Equal(expected, string.Join("; ", host.Notifier.Calls.Select(call => call[..call.IndexOf(" at ", StringComparison.Ordinal)])));
        Assert.Equal(count == 0, host.Pte(1).IsPresent);
        Assert.Equal(count != 0, host.Pte(6).IsPresent);
        Assert.Equal(42UL, host.Read(count == 0 ? 2UL : 6));
        host.AssertClean();
    }

    [Fact]
    public void ThpCollapse_AsOfFilesBefore_TellsNobody()
    {
        var host = new HostFixture(parameters: new HostMmParameters { CollapseNotifies = false });
        host.Write(1, 41);
        host.Write(2, 42);
        host.Notifier.Calls.Clear();
        Assert.True(host.Mm.ThpCollapse(host.Cpu, HvaRange.OfPages(1, 2)).GetResult());
        Assert.Empty(host.Notifier.Calls);
        host.AssertClean();
    }

    [Fact]
    public void Migrate_OfAWritablePage_KeepsContentAndFreesTheOldFrame()
    {
        var host = new HostFixture();
        Frame old = host.Mm.Populate(Hva.OfPage(1), 42);

        Assert.True(host.Mm.Migrate(host.Cpu, Hva.OfPage(1)).GetResult());

        Assert.Equal("start[1, 2) at pfn 2 rw; end[1, 2) at migrating pfn 2", host.Notifier.Text);
        Assert.NotEqual(old.Pfn, host.Pte(1).Pfn);
        Assert.True(host.Pte(1).IsWritable);
        Assert.Equal(42UL, host.Read(1));
        Assert.True(old.IsFreed);
        Assert.Equal(1UL, host.Mm.Memory.FrameAt(host.Pte(1).Pfn).RefCount.Peek);
        host.AssertClean();
    }

    [Fact]
    public void Migrate_OfAPageThatIsHeld_LeavesItWhereItIs()
    {
        var host = new HostFixture();
        Frame frame = host.Gup(1, write: true).Frame!;

        Assert.False(host.Mm.Migrate(host.Cpu, Hva.OfPage(1)).GetResult());

        Assert.Equal(frame.Pfn, host.Pte(1).Pfn);
        Assert.True(host.Pte(1).IsWritable);
        Assert.Equal(2UL, frame.RefCount.Peek);
        host.AssertClean();
    }

    [Fact]
    public async Task GetUserPage_DuringAMigration_WaitsForTheNewFrame()
    {
        var host = new HostFixture();
        NativeCpu other = host.Machine.AddCpu("other");
        Frame old = host.Mm.Populate(Hva.OfPage(1), 42);
        Task<UserPage>? lookup = null;

        // The end comes while the migration entry is in place.
        host.Mm.RegisterNotifier(new EndNotifier(() => lookup = Task.Run(() => host.Mm.GetUserPage(other, Hva.OfPage(1), write: false).GetResult())));
        Assert.True(host.Mm.Migrate(host.Cpu, Hva.OfPage(1)).GetResult());
        UserPage page = await lookup!;

        Assert.NotSame(old, page.Frame);
        Assert.Equal(host.Pte(1).Pfn, page.Pfn);
        Assert.Equal(42UL, page.Frame!.Content.Peek);
        host.AssertClean();
    }

    [Fact]
    public void Migrate_OfNothingOrTheZeroPage_DoesNothing()
    {
        var host = new HostFixture();
        host.Read(2);

        Assert.False(host.Mm.Migrate(host.Cpu, Hva.OfPage(1)).GetResult());
        Assert.False(host.Mm.Migrate(host.Cpu, Hva.OfPage(2)).GetResult());

        Assert.True(host.Pte(1).IsNone);
        Assert.Equal(host.Mm.Memory.ZeroPage.Pfn, host.Pte(2).Pfn);
        host.AssertClean();
    }

    [Fact]
    public void KsmMerge_OfEqualPages_SharesOneFrameReadOnly()
    {
        var host = new HostFixture();
        Frame stable = host.Mm.Populate(Hva.OfPage(1), 42);
        Frame merged = host.Mm.Populate(Hva.OfPage(2), 42);

        Assert.True(host.Mm.KsmMerge(host.Cpu, Hva.OfPage(1), Hva.OfPage(2)).GetResult());

        Assert.Equal(stable.Pfn, host.Pte(1).Pfn);
        Assert.Equal(stable.Pfn, host.Pte(2).Pfn);
        Assert.False(host.Pte(1).IsWritable);
        Assert.False(host.Pte(2).IsWritable);
        Assert.Equal(2UL, stable.RefCount.Peek);
        Assert.True(merged.IsFreed);
        Assert.Equal(
            "start[1, 2) at pfn 2 rw; change_pte 1 -> pfn 2 ro at none; end[1, 2) at pfn 2 ro; "
            + "start[2, 3) at pfn 3 rw; change_pte 2 -> pfn 3 ro at none; end[2, 3) at pfn 3 ro; "
            + "start[2, 3) at pfn 3 ro; change_pte 2 -> pfn 2 ro at none; end[2, 3) at pfn 2 ro",
            host.Notifier.Text);
        host.AssertClean();
    }

    [Fact]
    public void KsmMerge_ThenWriteToOne_KeepsTheOther()
    {
        var host = new HostFixture();
        host.Mm.Populate(Hva.OfPage(1), 42);
        host.Mm.Populate(Hva.OfPage(2), 42);
        Assert.True(host.Mm.KsmMerge(host.Cpu, Hva.OfPage(1), Hva.OfPage(2)).GetResult());

        host.Write(2, 43);

        Assert.Equal(42UL, host.Read(1));
        Assert.Equal(43UL, host.Read(2));
        host.AssertClean();
    }

    [Fact]
    public void KsmMerge_OfDifferentPages_MergesNothing()
    {
        var host = new HostFixture();
        Frame first = host.Mm.Populate(Hva.OfPage(1), 42);
        Frame second = host.Mm.Populate(Hva.OfPage(2), 43);

        Assert.False(host.Mm.KsmMerge(host.Cpu, Hva.OfPage(1), Hva.OfPage(2)).GetResult());

        Assert.Equal(1UL, first.RefCount.Peek);
        Assert.Equal(1UL, second.RefCount.Peek);
        Assert.Equal(second.Pfn, host.Pte(2).Pfn);
        host.AssertClean();
    }

    [Fact]
    public void KsmMerge_OfAPageThatIsHeld_MergesNothing()
    {
        var host = new HostFixture();
        host.Mm.Populate(Hva.OfPage(1), 42);
        host.Mm.Populate(Hva.OfPage(2), 42);
        host.Gup(2, write: true);

        Assert.False(host.Mm.KsmMerge(host.Cpu, Hva.OfPage(1), Hva.OfPage(2)).GetResult());

        Assert.True(host.Pte(2).IsWritable);
        Assert.NotEqual(host.Pte(1).Pfn, host.Pte(2).Pfn);
        host.AssertClean();
    }

    [Fact]
    public void ThpCollapse_OfWritablePages_KeepsContentInConsecutiveFrames()
    {
        var host = new HostFixture();
        Frame first = host.Mm.Populate(Hva.OfPage(4), 40);
        host.Read(5);
        Frame third = host.Mm.Populate(Hva.OfPage(6), 60);

        Assert.True(host.Mm.ThpCollapse(host.Cpu, HvaRange.OfPages(4, 4)).GetResult());

        Assert.Equal($"start[4, 8) at pfn {first.Pfn} rw; end[4, 8) at none", host.Notifier.Text);
        for (ulong page = 4; page < 8; page++)
        {
            Assert.True(host.Pte(page).IsHuge);
            Assert.Equal(host.Pte(4).Pfn.Value + page - 4, host.Pte(page).Pfn.Value);
        }

        Assert.Equal([40UL, 0UL, 60UL, 0UL], [host.Read(4)!.Value, host.Read(5)!.Value, host.Read(6)!.Value, host.Read(7)!.Value]);
        Assert.True(first.IsFreed);
        Assert.True(third.IsFreed);
        host.AssertClean();
    }

    [Fact]
    public void ThpCollapse_OfAPageThatIsHeld_PutsEverythingBack()
    {
        var host = new HostFixture();
        Frame held = host.Gup(4, write: true).Frame!;

        Assert.False(host.Mm.ThpCollapse(host.Cpu, HvaRange.OfPages(4, 4)).GetResult());

        Assert.Equal(held.Pfn, host.Pte(4).Pfn);
        Assert.False(host.Pte(4).IsHuge);
        host.AssertClean();
    }

    [Fact]
    public void ThpSplit_OfAHugePage_KeepsFramesAndContent()
    {
        var host = new HostFixture();
        host.Mm.Populate(Hva.OfPage(4), 40);
        Assert.True(host.Mm.ThpCollapse(host.Cpu, HvaRange.OfPages(4, 4)).GetResult());
        Pfn before = host.Pte(4).Pfn;
        host.Notifier.Calls.Clear();

        Assert.True(host.Mm.ThpSplit(host.Cpu, HvaRange.OfPages(4, 4)).GetResult());

        Assert.Equal($"start[4, 8) at pfn {before} rw; end[4, 8) at pfn {before} rw", host.Notifier.Text);
        Assert.Equal(before, host.Pte(4).Pfn);
        Assert.False(host.Pte(4).IsHuge);
        Assert.Equal(40UL, host.Read(4));
        Assert.False(host.Mm.ThpSplit(host.Cpu, HvaRange.OfPages(4, 4)).GetResult());
        host.AssertClean();
    }

    [Theory]
    [InlineData(false, "clear_young[1, 2)")]
    [InlineData(true, "clear_flush_young[1, 2)")]
    public void Age_OfAYoungPage_ClearsItAndAsksNotifiersUnderTheLock(bool flush, string call)
    {
        var host = new HostFixture();
        host.Mm.Populate(Hva.OfPage(1));

        Assert.True(host.Mm.Age(host.Cpu, HvaRange.OfPages(0, 8), flush).GetResult());
        Assert.False(host.Pte(1).IsYoung);
        Assert.False(host.Mm.Age(host.Cpu, HvaRange.OfPages(0, 8), flush).GetResult());
        Assert.Equal($"{call}; {call}", host.Notifier.Text);

        host.Notifier.Young = true;
        Assert.True(host.Mm.Age(host.Cpu, HvaRange.OfPages(0, 8), flush).GetResult());
        host.AssertClean();
    }

    [Fact]
    public void TestYoung_OfAnOldPage_AsksNotifiers()
    {
        var host = new HostFixture();
        host.Mm.Populate(Hva.OfPage(1));
        Assert.True(host.Mm.TestYoung(host.Cpu, Hva.OfPage(1)).GetResult());
        Assert.Empty(host.Notifier.Calls);

        host.Mm.Age(host.Cpu, HvaRange.OfPages(1, 1), flush: true).GetResult();

        Assert.False(host.Mm.TestYoung(host.Cpu, Hva.OfPage(1)).GetResult());
        host.Notifier.Young = true;
        Assert.True(host.Mm.TestYoung(host.Cpu, Hva.OfPage(1)).GetResult());
        Assert.False(host.Mm.TestYoung(host.Cpu, Hva.OfPage(2)).GetResult());
        Assert.Equal("clear_flush_young[1, 2); test_young 1; test_young 1", host.Notifier.Text);
        host.AssertClean();
    }
}
