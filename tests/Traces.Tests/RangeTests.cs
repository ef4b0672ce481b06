using System.Globalization;

namespace MmuStress.Traces.Tests;

/// <summary>The range over all invalidations in progress, which lasts until all have ended, where no probe shows it.</summary>
public sealed class RangeTests
{
    private const string First = "mut0-103";
    private const string Second = "mut1-104";
    private const ulong Slot = 0x7f0000000000;
    private const ulong Mapped = 0x2e62e67;

    // Both must be in progress while the fault in between is fixed, since the first one's frame is stale before and after it.
    [Theory]
    [InlineData(0x1005, false)]
    [InlineData(0x1007, false)]
    [InlineData(0x1002, true)]
    [InlineData(0x1009, true)]
    public void Fault_BesideTwoInvalidationsInProgress_IsStaleInBetween(ulong fixedGfn, bool isExplained)
    {
        Excerpt trace = TwoMapped();
        Unmap(trace, First, 0x1003, isMapped: true);
        Unmap(trace, Second, 0x1008, isMapped: true);
        Retry(trace, 0x1003);
        trace.Fault(0, fixedGfn);
        Retry(trace, 0x1003);
        End(trace, First);
        End(trace, Second);
        TraceSummary summary = trace.Read();

        Assert.Equal(isExplained ? TraceVerdict.Explained : TraceVerdict.NotExplained, summary.Verdict);
        if (!isExplained)
        {
            Assert.InRange(summary.First!.Line, trace.Find($"gfn {fixedGfn:x} pfn"), trace.Find("op=3 end"));
        }
    }

    // The first one has ended when the second begins.
    [Fact]
    public void Fault_BesideOneInvalidationAfterAnother_IsFresh()
    {
        Excerpt trace = TwoMapped();
        Unmap(trace, First, 0x1003, isMapped: true);
        Unmap(trace, Second, 0x1008, isMapped: true);
        trace.Fault(0, 0x1005);
        Retry(trace, 0x1008);
        End(trace, First);
        End(trace, Second);

        Explained(trace);
    }

    // That of 1001 was announced long ago; it must begin after 1005 is fixed beside that of 1008, and beside the next of 1008. All
    // orders are not looked at for that.
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Invalidations_ThatBeginLongAfterTheirEvents_AreFound(ulong rounds)
    {
        Excerpt trace = TwoMapped();
        trace.PageFault(1, 0x13ff); // all rounds are one episode
        for (ulong at = 0; at < rounds; at++)
        {
            ulong gfn = 0x1000 + (0x20 * at);
            Unmap(trace, Second, gfn + 8, isMapped: at == 0);
            Unmap(trace, First, gfn + 1, isMapped: false);
            Retry(trace, gfn + 8);
            trace.Fault(0, gfn + 5);
            Retry(trace, gfn + 8);
            End(trace, Second);
            Unmap(trace, Second, gfn + 8, isMapped: false);
            End(trace, Second);
            Retry(trace, gfn + 8);
            End(trace, First);
        }

        trace.Entry(1);

        Explained(trace);
    }

    // As long as anything is in progress, so is what has ended meanwhile.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Range_OfOneThatHasEnded_LastsAsLongAsAnother(bool areBeside)
    {
        Excerpt trace = TwoMapped();
        Unmap(trace, First, 0x1003, isMapped: true);
        if (!areBeside)
        {
            End(trace, First);
        }

        Unmap(trace, Second, 0x1008, isMapped: true);
        if (areBeside)
        {
            End(trace, First);
        }

        Retry(trace, 0x1003);
        End(trace, Second);

        Assert.Equal(areBeside ? TraceVerdict.Explained : TraceVerdict.NotExplained, trace.Read().Verdict);
    }

    private static Excerpt TwoMapped()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.Fault(1, 0x1003);
        trace.Fault(1, 0x1008);
        return trace;
    }

    private static void Unmap(Excerpt trace, string task, ulong gfn, bool isMapped)
    {
        ulong hva = Slot + ((gfn - 0x1000) << 12);
        trace.Operation(task, string.Create(CultureInfo.InvariantCulture, $"op={Number(task)} begin madvise_dontneed hva=[{hva:x},{hva + 0x1000:x})"));
        trace.Unmap(task, hva, hva + 0x1000);
        if (isMapped)
        {
            trace.SpteChanged(task, gfn, Mapped, 0);
        }
    }

    // The end of an invalidation explains one of them; the others need one in progress.
    private static void Retry(Excerpt trace, ulong gfn)
    {
        for (int i = 0; i < 4; i++)
        {
            trace.PageFault(0, gfn);
            trace.Entry(0);
        }
    }

    private static void End(Excerpt trace, string task) => trace.Operation(task, $"op={Number(task)} end madvise_dontneed rc=0 errno=0");

    private static int Number(string task) => task == First ? 2 : 3;

    private static void Explained(Excerpt trace)
    {
        TraceSummary summary = trace.Read();
        Assert.Equal((TraceVerdict.Explained, 0), (summary.Verdict, summary.EpisodesSearched));
    }
}
