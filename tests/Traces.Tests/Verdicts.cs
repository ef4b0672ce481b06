namespace MmuStress.Traces.Tests;

/// <summary>What becomes of an excerpt.</summary>
internal static class Verdicts
{
    public static void Check(Excerpt trace, bool isExplained, int line, string message)
    {
        if (isExplained)
        {
            Explained(trace);
        }
        else
        {
            Refused(trace, line, message);
        }
    }

    public static void Explained(Excerpt trace)
    {
        TraceSummary summary = trace.Read();
        Assert.Equal((TraceVerdict.Explained, null, null), (summary.Verdict, summary.First, summary.FirstUndecided));
    }

    public static void Refused(Excerpt trace, int line, string message)
    {
        TraceSummary summary = trace.Read();
        Assert.Equal(TraceVerdict.NotExplained, summary.Verdict);
        Assert.Contains(message, summary.First!.Message, StringComparison.Ordinal);
        Assert.Equal(line, summary.First.Line);
    }
}
