namespace MmuStress.Explorer;

/// <summary>An event of an execution graph as a search keeps it: what is needed to have it happen again.</summary>
internal struct GraphEntry
{
    /// <summary>In place of an entry: it reads nothing.</summary>
    public const int Nothing = -2;

    /// <summary>In place of a stamp: there is none yet.</summary>
    public const int NoStamp = -1;

    /// <summary>Whose it is.</summary>
    public int Cpu;

    /// <summary>The number of the entry that it reads from; -1 for the initial content, <see cref="Nothing"/> where it does not read.</summary>
    public int Source;

    /// <summary>Where it comes among the writes to its word; -1 where that is still to be decided.</summary>
    public int Rank;

    /// <summary>The number of the first entry of its step; later ones are there only with it.</summary>
    public int Head;

    /// <summary>When its read was added.</summary>
    public int ReadStamp;

    /// <summary>When its write was added.</summary>
    public int WriteStamp;

    /// <summary>The number of the entry whose lock it had to wait for, after which it comes; -1 where it came when the lock was free.</summary>
    public int Holder;

    /// <summary>Whether it takes a lock that the event it reads from still holds: it happens when that one gives it back.</summary>
    public bool IsPending;
}
