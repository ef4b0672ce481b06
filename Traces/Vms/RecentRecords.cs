namespace MmuStress.Traces;

/// <summary>The last records of a VM, to draw a race from.</summary>
internal sealed class RecentRecords
{
    private const int Size = 256;
    private readonly TraceRecord[] ring = new TraceRecord[Size];
    private long count;

    public void Add(in TraceRecord record) => ring[count++ % Size] = record;

    public void Clear() => count = 0;

    /// <summary>Those of two threads from a line on, in order.</summary>
    public IEnumerable<TraceRecord> Of(int pid, int other, long from)
    {
        for (long i = Math.Max(0, count - Size); i < count; i++)
        {
            TraceRecord r = ring[i % Size];
            if (r.Line >= from && (r.Pid == pid || r.Pid == other))
            {
                yield return r;
            }
        }
    }
}
