namespace MmuStress.Traces;

/// <summary>Which host page is behind a frame, as far as faults have shown it.</summary>
/// <remarks>
/// Mirrors: what mmu_notifier.h promises: a page of the host's page tables is replaced by another one only between invalidate_range_start and
/// invalidate_range_end.
/// </remarks>
internal sealed class HostPages
{
    private const int MostPages = 1 << 20;
    private readonly Dictionary<ulong, (ulong Pfn, long Line)> pages = [];

    /// <summary>A fault has asked for its SPTE: what is wrong with its page; null where nothing is.</summary>
    public string? Request(ulong gfn, ulong pfn, long line)
    {
        if (pages.TryGetValue(gfn, out (ulong Pfn, long Line) known))
        {
            return known.Pfn == pfn ? null : $"gfn {gfn:x}: page {pfn:x} is requested, but it was {known.Pfn:x} in line {known.Line}, and nothing has been invalidated there since";
        }

        if (pages.Count < MostPages)
        {
            pages.Add(gfn, (pfn, line));
        }

        return null;
    }

    /// <summary>It may be another page from now on.</summary>
    public void Invalidate(ulong first, ulong end)
    {
        if (end - first > (ulong)pages.Count)
        {
            foreach (ulong gfn in pages.Keys)
            {
                if (first <= gfn && gfn < end)
                {
                    pages.Remove(gfn);
                }
            }

            return;
        }

        for (ulong gfn = first; gfn < end; gfn++)
        {
            pages.Remove(gfn);
        }
    }

    /// <summary>Nothing is known any more.</summary>
    public void Forget() => pages.Clear();
}
