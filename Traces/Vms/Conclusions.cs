using MmuStress.Explorer;

namespace MmuStress.Traces;

/// <summary>What is concluded about a VM: nothing is refused where events of another one may have been taken for its own.</summary>
internal sealed class Conclusions(Findings findings)
{
    private Unexplained? refused;
    private Unexplained? undecided;
    private long refusals;

    /// <summary>Whether threads of another VM may have been taken for its own.</summary>
    public bool IsDoubtful { get; set; }

    /// <summary>Counts an episode that needed another order than that of the file.</summary>
    public void CountSearch() => findings.EpisodesSearched++;

    /// <summary>Something is not allowed.</summary>
    /// <param name="line">The line that shows it.</param>
    /// <param name="message">Why not.</param>
    /// <param name="draw">Draws what led to it; asked only where it is the first.</param>
    public void Refuse(long line, string message, Func<Recording>? draw = null)
    {
        refusals++;
        if (refused is null || line < refused.Line)
        {
            refused = new Unexplained(line, message) { Recording = draw?.Invoke() };
        }
    }

    /// <summary>A limit was reached.</summary>
    public void LeaveUndecided(long line) =>
        undecided = Unexplained.First(undecided, new Unexplained(line, "not all orders of the unseen steps before it were tried"));

    /// <summary>The VM is over.</summary>
    public void Report()
    {
        if (refused is not null && IsDoubtful)
        {
            findings.LeaveUndecided(refused with { Recording = null, Message = "VMs that ran at the same time can't be told apart by their process ids: record with record-tgid" });
        }
        else if (refused is not null)
        {
            findings.Refuse(refused, refusals);
        }

        if (undecided is not null)
        {
            findings.LeaveUndecided(undecided);
        }
    }
}
