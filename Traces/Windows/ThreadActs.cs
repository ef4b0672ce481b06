namespace MmuStress.Traces;

/// <summary>What a thread is at, as far as windows are concerned.</summary>
internal sealed class ThreadActs
{
    /// <summary>The guest's access that is being handled, or must be tried again.</summary>
    public Act? Access;

    /// <summary>Invalidations that have not ended.</summary>
    public readonly List<Act> Host = [];

    /// <summary>The change of a memslot, or the reading of its dirty log.</summary>
    public Act? Call;
}
