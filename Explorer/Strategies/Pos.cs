using System.Numerics;

namespace MmuStress.Explorer;

/// <summary>Partial order sampling: every pending operation has a random priority; those that conflict with the one performed draw again.</summary>
/// <remarks>Source: Yuan, Yang and Gu, "Partial order aware concurrency sampling" (CAV 2018).</remarks>
/// <param name="seed">The user's seed.</param>
public sealed class Pos(ulong seed) : IStrategy
{
    private readonly ulong[] priorities = new ulong[ExploredMachine.MaxCpus];
    private SplitMix64 random;

    /// <inheritdoc/>
    public bool Begin(long index)
    {
        random = SplitMix64.For(seed, index);
        Array.Clear(priorities);
        return true;
    }

    /// <inheritdoc/>
    public int Next(ExploredMachine machine, ulong enabled, int current, bool yields)
    {
        int best = -1;
        ulong candidates = yields && current >= 0 ? enabled & ~(1UL << current) : enabled;
        for (ulong left = candidates; left != 0; left &= left - 1)
        {
            int id = BitOperations.TrailingZeroCount(left);
            if (priorities[id] == 0)
            {
                priorities[id] = random.Next() | 1;
            }

            if (best < 0 || priorities[id] > priorities[best])
            {
                best = id;
            }
        }

        ref readonly Operation chosen = ref machine.Pending(best);
        for (ulong left = enabled; left != 0; left &= left - 1)
        {
            int id = BitOperations.TrailingZeroCount(left);
            if (id != best && machine.Pending(id).ConflictsWith(in chosen))
            {
                priorities[id] = 0;
            }
        }

        priorities[best] = 0;
        return best;
    }

    /// <inheritdoc/>
    public int Choose(ExploredMachine machine, int alternatives) => random.Next(alternatives);
}
