namespace MmuStress.Traces;

/// <summary>What is concluded about a VM: nothing is refused where events of another one may be taken for its own.</summary>
internal sealed class Conclusions(Findings findings)
{
    /// <summary>Whether threads of another VM may be taken for its own.</summary>
    public bool IsDoubtful { get; set; }

    /// <summary>How many episodes needed another order than that of the file.</summary>
    public void CountSearch() => findings.EpisodesSearched++;

    /// <summary>Something is not allowed.</summary>
    public void Refuse(long line, string message)
    {
        if (IsDoubtful)
        {
            findings.LeaveUndecided(line, "VMs that run at the same time can't be told apart by their process ids: record with record-tgid");
        }
        else
        {
            findings.Refuse(line, message);
        }
    }

    /// <summary>A limit was reached.</summary>
    public void LeaveUndecided(long line) => findings.LeaveUndecided(line, "not all orders of the unseen steps before it were tried");
}
