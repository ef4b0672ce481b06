using System.Numerics;

namespace MmuStress.Explorer.Tests;

/// <summary>Every interleaving and every choice of the environment, depth first, without any reduction.</summary>
/// <param name="startsFirst">Whether CPUs start in order before anything else: right where nobody does anything before its first operation.</param>
internal sealed class Enumeration(bool startsFirst) : IStrategy
{
    private readonly List<(ulong Left, int Chosen)> nodes = [];
    private readonly TraceTaker taker = new();
    private int depth;

    public bool IsReplay => true;

    public Footprints Footprints => taker.Footprints;

    public TraceKey Key() => taker.Key();

    public bool Begin(long index)
    {
        depth = 0;
        taker.Begin();
        if (index == 0)
        {
            return true;
        }

        while (nodes.Count > 0)
        {
            ulong left = nodes[^1].Left;
            if (left != 0)
            {
                nodes[^1] = (left & (left - 1), BitOperations.TrailingZeroCount(left));
                return true;
            }

            nodes.RemoveAt(nodes.Count - 1);
        }

        return false;
    }

    public int Next(ExploredMachine machine, ulong enabled, int current, bool yields)
    {
        int chosen = Decide(startsFirst ? StartersOf(machine, enabled) : enabled);
        taker.Step(machine, chosen);
        return chosen;
    }

    public int Choose(ExploredMachine machine, int alternatives)
    {
        int chosen = Decide((1UL << alternatives) - 1);
        taker.Choice(chosen);
        return chosen;
    }

    private int Decide(ulong alternatives)
    {
        if (depth == nodes.Count)
        {
            nodes.Add((alternatives & (alternatives - 1), BitOperations.TrailingZeroCount(alternatives)));
        }

        return nodes[depth++].Chosen;
    }

    private static ulong StartersOf(ExploredMachine machine, ulong enabled)
    {
        for (ulong left = enabled; left != 0; left &= left - 1)
        {
            int cpu = BitOperations.TrailingZeroCount(left);
            if (machine.Pending(cpu).Kind == OperationKind.Start)
            {
                return 1UL << cpu;
            }
        }

        return enabled;
    }
}
