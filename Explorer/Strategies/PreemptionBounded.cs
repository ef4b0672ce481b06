using System.Numerics;

namespace MmuStress.Explorer;

/// <summary>All schedules with at most 0 preemptions, then with at most 1, then 2, ...: the first violation has the fewest.</summary>
/// <remarks>
/// Source: Musuvathi and Qadeer, "Iterative context bounding for systematic testing of multithreaded programs" (PLDI 2007), and
/// <see cref="FairSchedule"/>, so that a loop that waits for somebody and yields does not go round for ever. A switch at a yield, or one
/// that fairness asks for, is no preemption. Depth-first without a visited set: memory grows with the length of a run only. It depends
/// on what earlier schedules did, so one worker runs it; the seed has no influence.
/// </remarks>
/// <param name="maxBound">The largest number of preemptions, from 0.</param>
public sealed class PreemptionBounded(int maxBound = int.MaxValue) : IStrategy
{
    private readonly List<Frame> frames = [];
    private readonly FairSchedule fair = new();
    private int depth;
    private int replayed;
    private int preemptions;
    private bool cutByBound;
    private bool isFirst = true;

    /// <summary>The bound of the schedule that was begun last.</summary>
    public int Bound { get; private set; }

    /// <inheritdoc/>
    public bool IsBounded => cutByBound;

    /// <inheritdoc/>
    public bool SeesEveryStep => true;

    /// <inheritdoc/>
    public bool Begin(long index)
    {
        if (isFirst)
        {
            isFirst = false;
        }
        else if (!Backtrack())
        {
            if (!cutByBound || Bound >= maxBound)
            {
                return false;
            }

            Bound++;
            cutByBound = false;
            frames.Clear();
        }

        replayed = frames.Count;
        depth = 0;
        preemptions = 0;
        fair.Begin();
        return true;
    }

    /// <inheritdoc/>
    public int Next(ExploredMachine machine, ulong enabled, int current, bool yields)
    {
        ulong allowed = fair.Allowed(machine.Steps, enabled, yields);
        return fair.Take((allowed & (allowed - 1)) == 0 ? BitOperations.TrailingZeroCount(allowed) : Pick(allowed, current, yields));
    }

    /// <inheritdoc/>
    public int Choose(ExploredMachine machine, int alternatives)
    {
        if (depth < replayed)
        {
            return frames[depth++].Chosen;
        }

        frames.Add(new Frame(0, 0, alternatives));
        depth++;
        return 0;
    }

    private int Pick(ulong allowed, int current, bool yields)
    {
        bool isFree = current < 0 || yields || (allowed >> current & 1) == 0;
        if (depth < replayed)
        {
            int chosen = frames[depth++].Chosen;
            if (!isFree && chosen != current)
            {
                preemptions++;
            }

            return chosen;
        }

        int first = current;
        if (isFree)
        {
            ulong others = current < 0 ? allowed : allowed & ~(1UL << current);
            first = BitOperations.TrailingZeroCount(others); // who yields comes last
        }

        ulong alternatives = allowed & ~(1UL << first);
        if (!isFree && preemptions >= Bound)
        {
            cutByBound = true;
            alternatives = 0;
        }

        frames.Add(new Frame(first, alternatives));
        depth++;
        return first;
    }

    private bool Backtrack()
    {
        while (frames.Count > 0)
        {
            Frame last = frames[^1];
            frames.RemoveAt(frames.Count - 1);
            if (last.Chosen + 1 < last.Alternatives)
            {
                frames.Add(last with { Chosen = last.Chosen + 1 });
                return true;
            }

            if (last.Left != 0)
            {
                int next = BitOperations.TrailingZeroCount(last.Left);
                frames.Add(new Frame(next, last.Left & (last.Left - 1)));
                return true;
            }
        }

        return false;
    }

    // Who was chosen and who is left to choose; or the value of a choice among some alternatives.
    private readonly record struct Frame(int Chosen, ulong Left, int Alternatives = 0);
}
