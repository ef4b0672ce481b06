namespace MmuStress.Traces;

/// <summary>What a file shows beyond counts: lines that the protocol does not allow, and close races.</summary>
internal sealed class Findings
{
    private const int MostRaces = 3;
    private readonly List<TraceRace> races = [];

    /// <summary>Whether probes show the protocol.</summary>
    public bool SeesProtocol { get; set; }

    /// <summary>Whether events from before the first of the trace were overwritten.</summary>
    public bool BeginningIsLost { get; set; }

    /// <summary>The first line that is not allowed.</summary>
    public Unexplained? First { get; private set; }

    /// <summary>How many such lines there are.</summary>
    public long Count { get; private set; }

    /// <summary>The closest races.</summary>
    public IReadOnlyList<TraceRace> Races => races;

    /// <summary>How many episodes needed another order than that of the file.</summary>
    public long EpisodesSearched { get; set; }

    /// <summary>The first line about which nothing could be said; null where there is none.</summary>
    public Unexplained? FirstUndecided { get; private set; }

    public void Refuse(Unexplained first, long count)
    {
        First = Unexplained.First(First, first);
        Count += count;
    }

    public void LeaveUndecided(Unexplained first) => FirstUndecided = Unexplained.First(FirstUndecided, first);

    /// <summary>Whether a race this close is among the closest.</summary>
    public bool IsClose(long distance) => races.Count < MostRaces || distance < races[^1].Distance;

    public void Add(TraceRace race)
    {
        int at = races.FindIndex(r => race.Distance < r.Distance);
        races.Insert(at < 0 ? races.Count : at, race);
        if (races.Count > MostRaces)
        {
            races.RemoveAt(MostRaces);
        }
    }
}
