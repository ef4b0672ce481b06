namespace MmuStress.Explorer.Tests;

/// <summary>Repeats a schedule and tells which trace it is.</summary>
internal sealed class TracedReplay(IReadOnlyList<ushort> decisions) : IStrategy
{
    private readonly TraceTaker taker = new();
    private int next;

    public bool IsReplay => true;

    public Footprints Footprints => taker.Footprints;

    public TraceKey Key() => taker.Key();

    public bool Begin(long index)
    {
        next = 0;
        taker.Begin();
        return true;
    }

    public int Next(ExploredMachine machine, ulong enabled, int current, bool yields)
    {
        int cpu = decisions[next++];
        taker.Step(machine, cpu);
        return cpu;
    }

    public int Choose(ExploredMachine machine, int alternatives)
    {
        int value = decisions[next++] - 256;
        taker.Choice(value);
        return value;
    }
}
