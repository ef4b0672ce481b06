namespace MmuStress.Traces.Tests;

public sealed class RecordedEventsTests
{
    // What is wrong with a recording that lacks a kind of event is that, and not the kernel.
    [Theory]
    [InlineData("kvm_mmu_spte_requested")]
    [InlineData("inv_begin")]
    [InlineData("inv_end")]
    [InlineData("mn_end")]
    [InlineData("stale_check")]
    [InlineData("stale_ret")]
    public void Kind_ThatWasNotRecorded_LeavesItUndecided(string kind)
    {
        Excerpt trace = Long();
        Assert.Equal(TraceVerdict.Explained, trace.Read().Verdict);
        int one = trace.Find($" {kind}: ", 40);
        string[] lines = [.. trace.Lines];
        TraceSummary summary = Excerpt.Read(string.Concat(lines.Where(l => !l.Contains($" {kind}: ", StringComparison.Ordinal)).Select(l => l + "\n")));

        Assert.Equal((TraceVerdict.Undecided, null), (summary.Verdict, summary.First));
        Assert.StartsWith($"{kind} was not recorded", summary.FirstUndecided!.Message, StringComparison.Ordinal);
        Assert.Equal(TraceVerdict.NotExplained, trace.Remove(one).Read().Verdict); // only one of them
    }

    [Theory]
    [InlineData(15, null)]
    [InlineData(16, "fast_page_fault")]
    public void Writes_ToMappedPages_ComeWithFastPageFaults(int writes, string? missing)
    {
        var events = new RecordedEvents();
        for (int i = 0; i < writes; i++)
        {
            events.Add(new TraceRecord { Kind = KvmEvent.PageFault, C = 7 });
        }

        Assert.Equal(missing, events.Missing);
        events.Add(new TraceRecord { Kind = KvmEvent.FastPageFault });
        Assert.Null(events.Missing);
    }

    private static Excerpt Long()
    {
        var trace = new Excerpt();
        trace.Raw("# tracer: nop");
        trace.Slot(1);
        trace.Add("vcpu0-101", "d..1.", "kvm_entry: vcpu 0, rip 0x1000");
        trace.Entry(0);
        for (int i = 0; i < 80; i++)
        {
            trace.Begin("mut0-103", 0x7f0000003000, 0x7f0000005000, seq: i, inProgress: 0);
            if (i > 0)
            {
                trace.SpteChanged("mut0-103", 0x1003, 0x2e62e67, 0);
            }

            trace.End("mut0-103", 0x7f0000003000, 0x7f0000005000, seq: i, inProgress: 1);
            trace.PageFault(0, 0x1003);
            trace.Faultin(0, 0x1003, seq: i + 1);
            trace.Check(0, 0x1003, snapshot: i + 1, seq: i + 1, inProgress: 0, 0x7f0000003000, 0x7f0000005000, stale: 0);
            trace.Install(0, 0x1003);
            trace.FaultRet(0, 4);
            trace.Entry(0);
        }

        return trace;
    }
}
