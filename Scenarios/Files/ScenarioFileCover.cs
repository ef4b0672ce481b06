namespace MmuStress.Scenarios;

/// <summary>Ranges of frames or pages that may overlap, and what lies outside all of them.</summary>
/// <param name="ranges">The ranges: the first number, and how many.</param>
internal sealed class ScenarioFileCover(IEnumerable<(ulong First, ulong Count)> ranges)
{
    private readonly List<(ulong First, ulong Count)> ranges = [.. ranges];

    /// <summary>Where the last range ends.</summary>
    public ulong End => ranges.Count == 0 ? 0 : ranges.Max(r => r.First + r.Count);

    /// <summary>Adds a range.</summary>
    /// <param name="first">Its first number.</param>
    /// <param name="count">How many.</param>
    public void Add(ulong first, ulong count) => ranges.Add((first, count));

    /// <summary>The first number of a range that is in none of them.</summary>
    /// <param name="first">The range's first number.</param>
    /// <param name="count">How many.</param>
    /// <returns>The number; null where all are inside.</returns>
    public ulong? FirstOutside(ulong first, ulong count)
    {
        ulong at = first;
        while (at < first + count)
        {
            ulong next = at;
            foreach ((ulong start, ulong pages) in ranges)
            {
                if (start <= at && at < start + pages)
                {
                    next = Math.Max(next, start + pages);
                }
            }

            if (next == at)
            {
                return at;
            }

            at = next;
        }

        return null;
    }
}
