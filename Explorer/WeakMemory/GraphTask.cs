namespace MmuStress.Explorer;

/// <summary>A graph from which a search has to go on.</summary>
internal sealed class GraphTask
{
    /// <summary>Its events, in the order in which they were added.</summary>
    public GraphEntry[] Entries { get; set; } = [];

    /// <summary>How many there are.</summary>
    public int Count { get; set; }

    /// <summary>The number of the read that the last event revisits; -1 where it revisits none.</summary>
    public int Revisited { get; set; } = -1;

    /// <summary>Has room for <paramref name="count"/> entries.</summary>
    public void Reserve(int count)
    {
        if (Entries.Length < count)
        {
            Entries = new GraphEntry[count * 2];
        }
    }
}
