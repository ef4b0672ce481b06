namespace MmuStress.Traces;

/// <summary>What keeps a thread of an episode from going on.</summary>
internal enum ObstacleKind : byte
{
    /// <summary>An invalidation in progress covers the fault.</summary>
    Covered,

    /// <summary>The sequence has moved since the fault's snapshot.</summary>
    Moved,

    /// <summary>Nothing makes the fault stale.</summary>
    NotStale,

    /// <summary>A leaf is left that an invalidation should have zapped.</summary>
    LeftOver,

    /// <summary>An entry does not hold what was seen.</summary>
    Entry,
}
