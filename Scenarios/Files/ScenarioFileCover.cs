namespace MmuStress.Scenarios;

/// <summary>Ranges of frames or pages that may overlap, and what lies outside all of them.</summary>
/// <param name="ranges">The ranges: the first number, and how many.</param>
internal sealed class ScenarioFileCover(IEnumerable<(ulong First, ulong Count)> ranges)
{
    private readonly List<(ulong First, ulong End)> ranges = [.. ranges.Select(r => (r.First, r.First + r.Count))];
    private bool isMerged;

    /// <summary>Adds a range.</summary>
    /// <param name="first">Its first number.</param>
    /// <param name="count">How many.</param>
    public void Add(ulong first, ulong count)
    {
        ranges.Add((first, first + count));
        isMerged = false;
    }

    /// <summary>The first number of a range that is in none of them.</summary>
    /// <param name="first">The range's first number.</param>
    /// <param name="count">How many.</param>
    /// <returns>The number; null where all are inside.</returns>
    public ulong? FirstOutside(ulong first, ulong count)
    {
        Merge();
        int at = ranges.BinarySearch((first, ulong.MaxValue));
        int last = (at < 0 ? ~at : at) - 1; // the last range that begins there or before
        ulong inside = last >= 0 ? Math.Max(first, ranges[last].End) : first;
        return inside < first + count ? inside : null;
    }

    // In order, with gaps between them.
    private void Merge()
    {
        if (isMerged)
        {
            return;
        }

        ranges.Sort();
        int count = 0;
        foreach ((ulong first, ulong end) in ranges.ToArray())
        {
            if (count > 0 && first <= ranges[count - 1].End)
            {
                ranges[count - 1] = (ranges[count - 1].First, Math.Max(ranges[count - 1].End, end));
            }
            else
            {
                ranges[count++] = (first, end);
            }
        }

        ranges.RemoveRange(count, ranges.Count - count);
        isMerged = true;
    }
}
