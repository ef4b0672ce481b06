using System.Numerics;

namespace MmuStress.Explorer;

/// <summary>A schedule as a list of turns that is followed as far as the program lets it, and then run to its end without preemption.</summary>
/// <remarks>What shrinking and adapting try candidates with: a turn whose CPU cannot run is skipped, never an error.</remarks>
public sealed class Guided : IStrategy
{
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
        return true;
    }

    /// <inheritdoc/>
    public int Next(ExploredMachine machine, ulong enabled, int current, bool yields)
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

        if (current >= 0 && !yields && (enabled >> current & 1) != 0)
        {
            return current;
        }

        ulong others = current >= 0 ? enabled & ~(1UL << current) : enabled;
        return BitOperations.TrailingZeroCount(others == 0 ? enabled : others);
    }

    /// <inheritdoc/>
    public int Choose(ExploredMachine machine, int alternatives)
    {
        int value = choice < Choices.Count ? Choices[choice] : 0;
        choice++;
        return value < alternatives ? value : 0;
    }
}
