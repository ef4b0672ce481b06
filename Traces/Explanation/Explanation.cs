namespace MmuStress.Traces;

/// <summary>How far orders of the unseen steps of a window have come, and what kept them from going on.</summary>
internal sealed class Explanation
{
    /// <summary>What an exploration finds when all events are printed.</summary>
    public const string Found = "Explained";

    private readonly string?[] waits = new string?[Explorer.ExploredMachine.MaxCpus];

    /// <summary>The first event that no order so far has printed.</summary>
    public int FurthestEvent { get; private set; } = -1;

    /// <summary>What kept it.</summary>
    public string? Reason { get; private set; }

    /// <summary>Begins with another window.</summary>
    public void Begin()
    {
        FurthestEvent = -1;
        Reason = null;
    }

    /// <summary>Begins an order.</summary>
    public void BeginOrder() => Array.Clear(waits);

    /// <summary>A thread waits for others.</summary>
    public void Waits(int thread, string reason) => waits[thread] = reason;

    /// <summary>An order goes no further.</summary>
    public void EndsAt(int @event, int thread)
    {
        if (@event > FurthestEvent)
        {
            FurthestEvent = @event;
            Reason = thread >= 0 ? waits[thread] : null;
        }
    }
}
