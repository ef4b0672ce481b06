using MmuStress.Explorer;

namespace MmuStress.Traces;

/// <summary>How far orders of the unseen steps of an episode have come, and what kept them from going on.</summary>
internal sealed class Explanation
{
    /// <summary>What an exploration finds when all events are printed.</summary>
    public const string Found = "Explained";

    /// <summary>What it is called where none is.</summary>
    public const string NotFound = "NotExplained";

    private readonly Obstacle?[] obstacles = new Obstacle?[ExploredMachine.MaxCpus];

    /// <summary>The first event that no order so far has printed.</summary>
    public int FurthestEvent { get; private set; } = -1;

    /// <summary>What kept it; null where that is something else.</summary>
    public Obstacle? Obstacle { get; private set; }

    /// <summary>Begins with another episode.</summary>
    public void Begin()
    {
        FurthestEvent = -1;
        Obstacle = null;
    }

    /// <summary>Begins an order.</summary>
    public void BeginOrder() => Array.Clear(obstacles);

    /// <summary>A thread waits for others.</summary>
    public void Waits(in Obstacle obstacle) => obstacles[obstacle.Thread] = obstacle;

    /// <summary>An order goes no further.</summary>
    public void EndsAt(int @event, int thread)
    {
        if (@event > FurthestEvent)
        {
            FurthestEvent = @event;
            Obstacle = thread >= 0 ? obstacles[thread] : null;
        }
    }
}
