using System.Globalization;

namespace MmuStress.Traces.Tests;

/// <summary>Traces in which something is missing, and is said to be.</summary>
public sealed class GapTests
{
    private const string Mutator = "mut0-103";
    private const ulong Mapped = 0x2e62e67;

    [Theory]
    [InlineData("CPU:3 [LOST 2 EVENTS]", true)]
    [InlineData("[LOST 2 EVENTS]", true)]
    [InlineData("CPU:2 [LOST 2 EVENTS]", false)]
    [InlineData("# no loss", false)]
    public void Events_AreMissingSinceTheirCpusLastLine(string lost, bool isExplained)
    {
        // The end of mut0's first invalidation is lost, which is said at its next one; the check in between has seen the sequence move.
        Excerpt trace = Excerpt.OfProbes();
        trace.ChangeAll("mut0-103     [001]", "mut0-103     [003]");
        int end = trace.Find("mn_end: ");
        trace.Remove(end).Remove(end);
        trace.Insert(trace.Find("mn_start: ", 2) - 1, lost);
        if (lost.Contains(":2", StringComparison.Ordinal))
        {
            trace.Insert(trace.Find("mn_start: ", 2) - 2, "           other-105     [002] .....     1.000050: kvm_pio: pio_write at 0x10 size 1 count 1 val 0x0");
        }

        Check(trace, isExplained);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Zap_OfAThreadThatBeganItBefore_MayBeOfAnObsoleteRoot(bool isBegunSince)
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.Raw("CPU:1 [LOST 3 EVENTS]");
        trace.Entry(0);
        trace.Fault(0, 0x1003);
        if (isBegunSince)
        {
            trace.Unmap(Mutator, 0x7f0000003000, 0x7f0000004000);
        }

        trace.SpteChanged(Mutator, 0x1003, 0x2e64e67, 0x5a0);
        Check(trace, !isBegunSince);
    }

    [Fact]
    public void Unmap_WhereNoMemslotIsKnown_NeedsNoLock()
    {
        // Both unmaps may be of no memslot, and then come and go while vCPU 0 holds mmu_lock.
        var trace = new Excerpt();
        trace.Entry(0);
        trace.PageFault(0, 0x1003);
        trace.Requested(0, 0x1003);
        trace.Unmap(Mutator, 0x7f0000003000, 0x7f0000004000);
        trace.Unmap(Mutator, 0x7f0000008000, 0x7f0000009000);
        trace.Unmap(Mutator, 0x7f0000001000, 0x7f0000002000);
        trace.SpteChanged("vcpu0-101", 0x1003, 0, Mapped);
        trace.SetSpte(0, 0x1003, Mapped);
        trace.Entry(0);
        Check(trace, isExplained: true);
    }

    [Theory]
    [InlineData("# tracer: nop", true)]
    [InlineData("# something else", false)]
    public void Recordings_OneBehindAnother_HaveNothingInCommon(string header, bool isExplained)
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.Fault(0, 0x1003);
        trace.Raw(header);
        trace.Entry(0);
        trace.Fault(0, 0x1003);
        Check(trace, isExplained);
    }

    [Theory]
    [InlineData(20, false)]
    [InlineData(30, true)]
    public void Beginning_ThatIsLostOfSomeCpus_LeavesSptesUnknown(int written, bool isExplained)
    {
        var trace = new Excerpt();
        trace.Raw(string.Create(CultureInfo.InvariantCulture, $"# entries-in-buffer/entries-written: 20/{written}   #P:4"));
        trace.StartVm();
        trace.Unmap(Mutator, 0x7f0000003000, 0x7f0000004000);
        trace.SpteChanged(Mutator, 0x1003, Mapped, 0);
        Check(trace, isExplained);
    }

    [Fact]
    public void Slots_OfATraceThatBeginsInTheMiddle_AreNotAll()
    {
        var trace = new Excerpt();
        trace.Begin("mut1-104", 0x7e0000003000, 0x7e0000004000, seq: 0, inProgress: 0);
        trace.End("mut1-104", 0x7e0000003000, 0x7e0000004000, seq: 0, inProgress: 1);
        trace.Slot(1);
        trace.Begin("mut1-104", 0x7e0000003000, 0x7e0000004000, seq: 1, inProgress: 0);
        trace.End("mut1-104", 0x7e0000003000, 0x7e0000004000, seq: 1, inProgress: 1);
        Check(trace, isExplained: true);
    }

    [Fact]
    public void Thread_OfTheKernelThatComesFirst_IsOfTheVmOfAnotherThreadGroup()
    {
        // khugepaged zaps what a vCPU installs, and again.
        var trace = new Excerpt();
        trace.Unmap("khugepaged-54", 0x7f0000003000, 0x7f0000004000);
        trace.SpteChanged("khugepaged-54", 0x1003, Mapped, 0);
        trace.Entry(0);
        trace.Fault(0, 0x1003);
        trace.Unmap("khugepaged-54", 0x7f0000003000, 0x7f0000004000);
        trace.SpteChanged("khugepaged-54", 0x1003, Mapped, 0);
        trace.ChangeAll("khugepaged-54 ", "khugepaged-54 (     54)").ChangeAll("vcpu0-101 ", "vcpu0-101 (    100)");
        TraceSummary summary = trace.Read();
        Assert.Equal((TraceVerdict.Explained, 1), (summary.Verdict, summary.VmCount));
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void DirtyLog_OfWhichNothingSaysThatReadingClearsIt_MayNameAPageAgain(bool isProtected, bool isExplained)
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.Fault(0, 0x1003);
        for (int i = 0; i < 3; i++)
        {
            trace.Operation(Mutator, "op=2 begin get_dirty_log hva=[0,0)");
            if (i == 0 && isProtected)
            {
                trace.SpteChanged(Mutator, 0x1003, Mapped, 0x2e62e65);
            }

            trace.Operation(Mutator, "op=2 note slot=1 dirty=1 bitmap0=0000000000000008");
            trace.Operation(Mutator, "op=2 end get_dirty_log rc=0 errno=0");
            if (i == 0 && !isProtected)
            {
                trace.SpteChanged(Mutator, 0x1003, Mapped, 0x2e62e65);
            }
        }

        Check(trace, isExplained);
    }

    private static void Check(Excerpt trace, bool isExplained)
    {
        TraceSummary summary = trace.Read();
        Assert.Equal((isExplained ? TraceVerdict.Explained : TraceVerdict.NotExplained, isExplained), (summary.Verdict, summary.First is null));
    }
}
