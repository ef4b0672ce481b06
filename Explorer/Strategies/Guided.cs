using System.Numerics;

namespace MmuStress.Explorer;

/// <summary>A schedule as a list of turns that is followed as far as the program lets it, and then run to its end without preemption.</summary>
/// <remarks>
/// What shrinking tries candidates with: a turn whose CPU cannot run is skipped, never an error. After the last turn, CPUs that yield to
/// each other only do so fairly.
/// </remarks>
public sealed class Guided : IStrategy
{
    private readonly FairSchedule fair = new();
    private IReadOnlyList<Turn> turns = [];
    private int turn;
    private int left;
    private int choice;

    /// <summary>The choices of the environment, in order; 0 when they run out.</summary>
    public IReadOnlyList<int> Choices { get; set; } = [];

    /// <inheritdoc/>
    public bool IsReplay => true;

    /// <summary>Sets the turns of the next run.</summary>
    /// <param name="plan">The turns.</param>
    public void Follow(IReadOnlyList<Turn> plan) => turns = plan;

    /// <inheritdoc/>
    public bool Begin(long index)
    {
        turn = 0;
        left = turns.Count == 0 ? 0 : turns[0].Steps;
        choice = 0;
        fair.Begin();
        return true;
    }

    /// <inheritdoc/>
    public int Next(ExploredMachine machine, ulong enabled, int current, bool yields) =>
        fair.Take(Pick(enabled, fair.Allowed(machine.Steps, enabled, yields), current, yields));

    /// <inheritdoc/>
    public int Choose(ExploredMachine machine, int alternatives)
    {
        int value = choice < Choices.Count ? Choices[choice] : 0;
        choice++;
        return value < alternatives ? value : 0;
    }

    private int Pick(ulong enabled, ulong allowed, int current, bool yields)
    {
        while (turn < turns.Count)
        {
            int cpu = turns[turn].Cpu;
            if (left > 0 && (enabled >> cpu & 1) != 0)
            {
                left--;
                return cpu;
            }

            turn++;
            left = turn < turns.Count ? turns[turn].Steps : 0;
        }

        if (current >= 0 && !yields && (allowed >> current & 1) != 0)
        {
            return current;
        }

        ulong others = current >= 0 ? allowed & ~(1UL << current) : allowed;
        return BitOperations.TrailingZeroCount(others == 0 ? allowed : others);
    }
}
