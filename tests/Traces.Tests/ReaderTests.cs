using System.Text;
using System.Threading;
using MmuStress.Explorer;

namespace MmuStress.Traces.Tests;

public sealed class ReaderTests
{
    private const string Entry = "kvm_entry: vcpu 0, rip 0x1000";
    private const string Fault = "kvm_page_fault: vcpu 0 rip 0x1000 address 0x0000000001003000 error_code 0x100000006";

    [Theory]
    [InlineData("           vcpu0-719     [001] d..1.    11.909017: ")]
    [InlineData("           vcpu0-719     [001]    11.909017: ")]
    [InlineData("           vcpu0-719     (    715) [001] d..1.    11.909017: ")]
    [InlineData("           vcpu0-719     (-------) [001] d..1.    11.909017: ")]
    [InlineData("     CPU 0/KVM-719     [001] d..1.        34567: ")]
    [InlineData("     [x] y-719     [001] d..1.    11.909017: ")]
    [InlineData("           vcpu0   719 [001]    11.909017: kvm:")]
    [InlineData("       CPU 0/KVM   715/719 [001]    11.909017123: kvm:")]
    [InlineData("<...>-719 [001] d..1. 11.909017:    ")]
    public void Layout_OfEachTool_IsRead(string prefix)
    {
        TraceSummary summary = Excerpt.Read($"{prefix}{Entry}\n{prefix}{Fault}\n{prefix}{Entry}\n");
        Assert.Equal((3, 3, 0), (summary.Lines, summary.Events, summary.Unknown));
        Assert.Equal((1, 1, 1, 1), (summary.Vcpus, summary.Total.Faults, summary.Total.WriteFaults, summary.Total.Retries));
        Assert.EndsWith("-719", summary.Vms[0].Owner, StringComparison.Ordinal);
    }

    [Fact]
    public void Headers_OfEachTool_AreSkipped()
    {
        string text = $"# tracer: nop\ncpus=4\nCPU 3 is empty\n\n  v-1 [000] 1.000001: {Entry}\n\tffffffffc0a1b2c3 kvm_foo+0x1 ([kernel.kallsyms])\n";
        Assert.Equal((6, 1), (Excerpt.Read(text).Lines, Excerpt.Read(text).Events));
    }

    [Theory]
    [InlineData("CPU:1 [LOST 12 EVENTS]", 12)]
    [InlineData("[LOST 12 EVENTS]", 12)]
    [InlineData("CPU:1 [EVENTS DROPPED]", 1)]
    [InlineData("CPU:1 [3 EVENTS DROPPED]", 3)]
    public void LostEvents_OfEachTool_AreCounted(string line, long lost)
    {
        TraceSummary summary = Excerpt.Read($"v-1 [000] 1.000001: {Entry}\nv-1 [000] 1.000002: {Fault}\n{line}\nv-1 [000] 1.000003: {Entry}\n");
        Assert.Equal((lost, 0, 1), (summary.Lost, summary.Total.Retries, summary.Total.Unfinished));
    }

    [Fact]
    public void UnknownEvents_AreCountedByName()
    {
        TraceSummary summary = Excerpt.Read($"v-1 [000] 1.000001: {Entry}\nv-1 [000] 1.000002: sched_switch: a ==> b\nv-1 [000] 1.000003: sched_switch: b ==> a\n");
        Assert.Equal((2, 2), (summary.Unknown, summary.UnknownNames["sched_switch"]));
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("# tracer: nop\n#\n", "there is no event of KVM in 2 lines")]
    [InlineData("v-1 [000] 1.000002: sched_switch: a ==> b\n", "there is no event of KVM in 1 line")]
    [InlineData("v-1 [000] 1.000001: kvm_page_fault: vcpu 0 rip 0x1000 address 0x0000\n", "line 1 is cut short: kvm_page_fault")]
    [InlineData("v-1 [000] 1.000001: kvm_entry: vcpu 0, rip 0x1000\nv-1 [000] 1.0000", "line 2 is no line of a trace, or cut short")]
    [InlineData("v-1 [000] 1.000001: kvm_entry: vcpu 0, rip 0x1000\nv-1 [000] 1.000002: kvm_ent\n", "line 2 is no line of a trace, or cut short")]
    [InlineData("v-1 [000] 1.000001: kvm_entry: vcpu 0, rip 0x1000\nv-1 [000] 1.000002: kvm_entry: vcpu 0, rip 0x10", "line 2 is cut short: kvm_entry")]
    [InlineData("hello\n", "line 1 is no line of a trace, or cut short")]
    [InlineData("\u007fELF\0\u0001\n", "line 1 is binary")]
    public void BadInput_IsRefusedInOneLine(string text, string message)
    {
        string refused = Assert.Throws<TraceFormatException>(() => Excerpt.Read(text)).Message;
        Assert.StartsWith(message, refused, StringComparison.Ordinal);
    }

    [Fact]
    public void LastLine_WithoutLineFeed_CountsWhenItIsWhole() => Assert.Equal(2, Excerpt.Read($"v-1 [000] 1.000001: {Entry}\nv-1 [000] 1.000002: {Entry}").Events);

    [Fact]
    public void Lines_AcrossTheBuffersEdge_AreWhole()
    {
        const int Count = 40_000;
        string text = string.Concat(Enumerable.Range(0, Count).Select(i => $"v-1 [000] {i}.000001: {(i % 2 == 0 ? Entry : Fault)}\n"));
        TraceSummary summary = Excerpt.Read(text);
        Assert.Equal((Count, Count / 2, (Count / 2) - 1), (summary.Lines, summary.Total.Faults, summary.Total.Retries));
    }

    [Fact]
    public void Reading_Interrupted_SumsUpWhatWasRead()
    {
        const int Count = 60_000;
        byte[] text = Encoding.Latin1.GetBytes(string.Concat(Enumerable.Range(0, Count).Select(i => $"v-1 [000] {i}.000001: {Entry}\n")));
        using var cancelled = new CancellationTokenSource();
        using var stream = new CancellingStream(text, cancelled);
        TraceSummary summary = new TraceReader().Read(stream, cancelled.Token);
        Assert.Equal((true, TraceVerdict.Undecided), (summary.IsInterrupted, summary.Verdict));
        Assert.InRange(summary.Lines, 1, Count - 1);
    }

    [Fact]
    public void Vms_WithTheSameVcpus_AreToldApart()
    {
        Excerpt trace = Excerpt.OfProbes();
        IEnumerable<string> other = trace.Lines.Select(l => l.Replace("-10", "-50", StringComparison.Ordinal).Replace("7f00000", "7700000", StringComparison.Ordinal));
        string text = string.Concat(trace.Lines.Zip(other).SelectMany(p => new[] { p.First + "\n", p.Second + "\n" }));
        TraceSummary summary = Excerpt.Read(text);
        Assert.Equal((2, 4, TraceVerdict.Explained, null), (summary.VmCount, summary.Vcpus, summary.Verdict, summary.First));
        Assert.All(summary.Vms, vm => Assert.Equal((3, 3), (vm.Counts.Faults, vm.Counts.InvalidationsOfSlots)));
    }

    [Fact]
    public void Recordings_OneAfterAnother_StartOver()
    {
        Excerpt trace = Excerpt.OfProbes();
        string text = string.Concat(trace.Lines.Select(l => l + "\n"));
        TraceSummary summary = Excerpt.Read(text.Replace(" 1.000", " 9.000", StringComparison.Ordinal) + text);
        Assert.Equal((2, 4, null), (summary.VmCount, summary.Vcpus, summary.First));
    }

    [Fact]
    public void Counts_AreOfWhatHappened()
    {
        TraceSummary summary = Excerpt.OfProbes().Read();
        TraceCounts c = summary.Total;
        Assert.Equal((3, 2, 1), (c.Faults, c.Fixed, c.Retries));
        Assert.Equal((3, 3, 3, 2), (c.Invalidations, c.InvalidationsOfSlots, c.OverlapsFault, c.OverlapsInvalidation));
        Assert.Equal((3, 1, 0), (c.SptesInstalled, c.SptesZapped, c.FalseRetries));
        Assert.Equal("slot 1: gpa [1000000, 1400000) hva 7f0000000000 flags 0", Assert.Single(summary.Vms[0].Memslots));
    }

    [Fact]
    public void Race_IsDrawnWithTheTracesLines()
    {
        Excerpt trace = Excerpt.OfProbes();
        TraceRace race = trace.Read().Races[0];
        Assert.True(race.IsRetried);
        Assert.Equal(trace.Find("kvm_page_fault"), race.Line);
        string drawn = RaceDiagram.Draw(race.Recording);
        Assert.Contains($"{trace.Find("stale_check")}   is_page_fault_stale()", drawn, StringComparison.Ordinal);
        Assert.Contains($"{trace.Find("inv_begin", race.Recording.Actors[1] == "mut0-103" ? 0 : 1)}   kvm_mmu_invalidate_begin()", drawn, StringComparison.Ordinal);
    }

    [Fact]
    public void Percentiles_AreWithinABucket()
    {
        var histogram = new LogHistogram();
        for (int i = 1; i <= 1000; i++)
        {
            histogram.Add(i);
        }

        Assert.InRange(histogram.Percentile(0.5), 500, 535);
        Assert.InRange(histogram.Percentile(0.99), 990, 1000);
        Assert.Equal((1000, 1000), (histogram.Largest, histogram.Percentile(1)));
    }

    // The interrupt comes while the second buffer is filled.
    private sealed class CancellingStream(byte[] text, CancellationTokenSource cancellation) : MemoryStream(text)
    {
        private int reads;

        public override int Read(byte[] buffer, int offset, int count)
        {
            if (++reads == 2)
            {
                cancellation.Cancel();
            }

            return base.Read(buffer, offset, count);
        }
    }
}
