namespace MmuStress.Traces.Tests;

/// <summary>What a fault saw on the fast path that it did not mend.</summary>
public sealed class FastFaultTests
{
    private const string Mutator = "mut0-103";
    private const ulong Shared = 0x10710825; // of a page that a write must copy first

    [Fact]
    public void Write_ToACopiedPage_IsExplained() => Assert.Equal(TraceVerdict.Explained, CopyOnWrite().Read().Verdict);

    [Theory]
    [InlineData("old 0x10710825", "old 0x10711825", "the SPTE is 10711825, but those before make it 10710825")]
    [InlineData("old 0x10710825", "old 0x10710827", "the SPTE is 10710827, but those before make it 10710825")]
    [InlineData("new 10710825", "new 10711825", "the SPTE is 10711825, but those before make it 10710825")]
    [InlineData("new 10710825", "new 10710827", "the SPTE is 10710827, but those before make it 10710825")]
    public void Entry_OtherThanItWas_IsRefused(string was, string now, string why)
    {
        Excerpt trace = CopyOnWrite();
        int line = trace.Find("fast_page_fault");
        TraceSummary summary = trace.Change(line, was, now).Read();

        Assert.Equal(TraceVerdict.NotExplained, summary.Verdict);
        Assert.Contains(why, summary.First!.Message, StringComparison.Ordinal);
        Assert.InRange(summary.First.Line, line, line + 3);
    }

    // It looked before the page was dropped, and printed later.
    [Theory]
    [InlineData("old 0x10710825 new 10710825", false)]
    [InlineData("old 0x10710825 new 0", true)]
    public void Entry_ZappedBeforeTheEventIsPrinted_IsReadAgain(string seen, bool isExplained)
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.SpteChanged("main-100", 0x1003, 0, Shared);
        Write(trace);
        trace.Operation(Mutator, "op=2 begin madvise_dontneed hva=[7f0000003000,7f0000004000)");
        trace.Unmap(Mutator, 0x7f0000003000, 0x7f0000004000);
        trace.SpteChanged(Mutator, 0x1003, Shared, 0);
        trace.Operation(Mutator, "op=2 end madvise_dontneed rc=0 errno=0");
        Look(trace, seen);
        trace.Install(0, 0x1003);
        trace.Entry(0);

        Assert.Equal(isExplained ? TraceVerdict.Explained : TraceVerdict.NotExplained, trace.Read().Verdict);
    }

    [Fact]
    public void Look_LeftOut_IsRefused()
    {
        Excerpt trace = CopyOnWrite();
        Write(trace);
        Look(trace, "old 0x2e62e67 new 2e62e67");
        trace.Requested(0, 0x1003);
        trace.SetSpte(0, 0x1003, 0x2e62e67);
        trace.Entry(0);
        Assert.Equal(TraceVerdict.Explained, trace.Read().Verdict);
        trace.Remove(trace.Find("fast_page_fault", 1));
        TraceSummary summary = trace.Read();

        Assert.Equal(TraceVerdict.NotExplained, summary.Verdict);
        Assert.Contains("goes on without fast_page_fault()", summary.First!.Message, StringComparison.Ordinal);
        Assert.Equal(trace.Find("kvm_mmu_spte_requested", 1), summary.First.Line);
    }

    private static Excerpt CopyOnWrite()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.SpteChanged("main-100", 0x1003, 0, Shared);
        Write(trace);
        Look(trace, "old 0x10710825 new 10710825");
        trace.Unmap("vcpu0-101", 0x7f0000003000, 0x7f0000004000);
        trace.SpteChanged("vcpu0-101", 0x1003, Shared, 0);
        trace.Entry(0);
        trace.Fault(0, 0x1003);
        return trace;
    }

    private static void Write(Excerpt trace)
    {
        trace.PageFault(0, 0x1003);
        int line = trace.Lines.Count;
        trace.Change(line, "error_code 0x100000006", "error_code 0x100000007").Change(line - 1, "info1 0x0000000100000006", "info1 0x0000000100000007");
    }

    private static void Look(Excerpt trace, string seen) =>
        trace.Add("vcpu0-101", ".....", $"fast_page_fault: vcpu 0 gva 1003000 error_code P|W|U sptep 00000000fd814e66 {seen} spurious 0 fixed 0");
}
