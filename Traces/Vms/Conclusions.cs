using MmuStress.Explorer;

namespace MmuStress.Traces;

/// <summary>What is concluded about a VM: nothing is refused where events of another one may have been taken for its own.</summary>
internal sealed class Conclusions(Findings findings)
{
    private const int MostKept = 256;
    private readonly List<(Unexplained What, long Now)> refusals = [];
    private (Unexplained What, long Now)? undecided;
    private long more;

    /// <summary>Whether threads of another VM may have been taken for its own.</summary>
    public bool IsDoubtful { get; set; }

    /// <summary>The line that is being read.</summary>
    public long Now { get; set; }

    /// <summary>Counts an episode that needed another order than that of the file.</summary>
    public void CountSearch() => findings.EpisodesSearched++;

    /// <summary>Something is not allowed.</summary>
    /// <param name="line">The line that shows it.</param>
    /// <param name="message">Why not.</param>
    /// <param name="draw">Draws what led to it; asked only where it is the first.</param>
    public void Refuse(long line, string message, Func<Recording>? draw = null)
    {
        if (refusals.Count >= MostKept)
        {
            more++;
            return;
        }

        bool isFirst = refusals.TrueForAll(r => line < r.What.Line);
        refusals.Add((new Unexplained(line, message) { Recording = isFirst ? draw?.Invoke() : null }, Now));
    }

    /// <summary>A limit was reached.</summary>
    public void LeaveUndecided(long line)
    {
        if (undecided is not { } known || line < known.What.Line)
        {
            undecided = (new Unexplained(line, "not all orders of the unseen steps before it were tried"), Now);
        }
    }

    /// <summary>Events are missing behind a line: what was concluded since then is not sure.</summary>
    public void Retract(long since)
    {
        if (refusals.RemoveAll(r => r.Now > since) > 0)
        {
            more = 0;
        }

        undecided = undecided is { } known && known.Now > since ? null : undecided;
    }

    /// <summary>The VM is over.</summary>
    /// <param name="missing">An event that was not recorded, so that nothing can be refused; null where all are.</param>
    public void Report(string? missing)
    {
        Unexplained? refused = refusals.Count == 0 ? null : refusals.MinBy(r => r.What.Line).What;
        if (refused is not null && IsDoubtful)
        {
            findings.LeaveUndecided(refused with { Recording = null, Message = "VMs that ran at the same time can't be told apart by their process ids: record with record-tgid" });
        }
        else if (refused is not null && missing is not null)
        {
            findings.LeaveUndecided(refused with { Recording = null, Message = $"{missing} was not recorded, and much follows from it: enable it" });
        }
        else if (refused is not null)
        {
            findings.Refuse(refused, refusals.Count + more);
        }

        if (undecided is { } open)
        {
            findings.LeaveUndecided(open.What);
        }
    }
}
