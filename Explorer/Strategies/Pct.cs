using System.Numerics;

namespace MmuStress.Explorer;

/// <summary>Probabilistic concurrency testing: strict random priorities, lowered at a few random steps.</summary>
/// <remarks>
/// Source: Burckhardt et al., "A randomized scheduler with probabilistic guarantees of finding bugs" (ASPLOS 2010). A bug of depth d is
/// found with probability at least 1/(n k^(d-1)) a schedule, for n CPUs and k steps. Steps where only one CPU can run do not count.
/// </remarks>
/// <param name="seed">The user's seed.</param>
/// <param name="depth">The depth d of the bugs it aims at, at least 1.</param>
/// <param name="steps">The number k of steps with a choice that a run is expected to have, at least 1.</param>
public sealed class Pct(ulong seed, int depth, int steps) : IStrategy
{
    private readonly int[] priorities = new int[ExploredMachine.MaxCpus];
    private readonly int[] changeAt = new int[Math.Max(0, depth - 1)];
    private SplitMix64 random;
    private int step;
    private int lowest;

    /// <inheritdoc/>
    public bool Begin(long index)
    {
        random = SplitMix64.For(seed, index);
        step = 0;
        lowest = 0;
        for (int i = 0; i < priorities.Length; i++)
        {
            int j = random.Next(i + 1);
            priorities[i] = priorities[j];
            priorities[j] = i + 1;
        }

        for (int i = 0; i < changeAt.Length; i++)
        {
            changeAt[i] = random.Next(Math.Max(1, steps));
        }

        return true;
    }

    /// <inheritdoc/>
    public int Next(ExploredMachine machine, ulong enabled, int current, bool yields)
    {
        int best = Highest(enabled);
        if (yields && current >= 0)
        {
            priorities[current] = --lowest;
            best = Highest(enabled);
        }

        for (int i = 0; i < changeAt.Length; i++)
        {
            if (changeAt[i] == step)
            {
                priorities[best] = --lowest;
                best = Highest(enabled);
            }
        }

        step++;
        return best;
    }

    /// <inheritdoc/>
    public int Choose(ExploredMachine machine, int alternatives) => random.Next(alternatives);

    private int Highest(ulong enabled)
    {
        int best = -1;
        for (; enabled != 0; enabled &= enabled - 1)
        {
            int id = BitOperations.TrailingZeroCount(enabled);
            if (best < 0 || priorities[id] > priorities[best])
            {
                best = id;
            }
        }

        return best;
    }
}
