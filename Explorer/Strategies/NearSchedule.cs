using System.Numerics;

namespace MmuStress.Explorer;

/// <summary>Schedules like a given one: the same turns, ending where the same operation comes up for the same time, give or take a few.</summary>
public sealed class NearSchedule : IStrategy
{
    private readonly List<Leg> legs = [];
    private readonly List<int> choices = [];
    private readonly ulong seed;
    private SplitMix64 random;
    private long attempt;
    private int leg;
    private int stepsInLeg;
    private int slack;
    private int passed;
    private int toPass;
    private int choice;
    private bool isReached;

    /// <summary>Schedules like <paramref name="decisions"/>.</summary>
    /// <param name="decisions">The old decisions.</param>
    /// <param name="expected">What each did.</param>
    /// <param name="seed">The seed.</param>
    public NearSchedule(IReadOnlyList<ushort> decisions, IReadOnlyList<string> expected, ulong seed)
    {
        this.seed = seed;
        int begin = 0;
        for (int i = 0; i < decisions.Count; i++)
        {
            if (decisions[i] >= 256)
            {
                choices.Add(decisions[i] - 256);
                continue;
            }

            int cpu = decisions[i];
            if (legs.Count == 0 || legs[^1].Cpu != cpu)
            {
                if (legs.Count > 0)
                {
                    string until = NextOperation(decisions, expected, i, legs[^1].Cpu);
                    int before = expected.Take(i).Skip(begin).Count(e => string.Equals(e, until, StringComparison.Ordinal));
                    legs[^1] = legs[^1] with { Until = until, Before = before };
                }

                begin = i;
                legs.Add(new Leg(cpu, 1, "", 0));
            }
            else
            {
                legs[^1] = legs[^1] with { Steps = legs[^1].Steps + 1 };
            }
        }
    }

    /// <inheritdoc/>
    public bool Begin(long index)
    {
        attempt = index;
        random = SplitMix64.For(seed, index);
        leg = 0;
        choice = 0;
        BeginLeg();
        return true;
    }

    /// <inheritdoc/>
    public int Next(ExploredMachine machine, ulong enabled, int current, bool yields)
    {
        while (leg < legs.Count)
        {
            Leg now = legs[leg];
            bool canRun = (enabled >> now.Cpu & 1) != 0;
            if (canRun && !isReached && now.Until.Length != 0 &&
                string.Equals(Replay.Describe(machine, now.Cpu), now.Until, StringComparison.Ordinal))
            {
                isReached = passed++ >= toPass;
            }

            if (canRun && !isReached && stepsInLeg < (now.Until.Length == 0 ? now.Steps + slack : (4 * now.Steps) + 16))
            {
                stepsInLeg++;
                return now.Cpu;
            }

            leg++;
            BeginLeg();
        }

        ulong mine = current >= 0 ? 1UL << current : 0;
        ulong others = enabled & ~mine;
        return (mine & enabled) != 0 && !yields && (others == 0 || random.Next(8) != 0)
            ? current
            : others == 0 ? BitOperations.TrailingZeroCount(enabled) : random.NextBit(others);
    }

    /// <inheritdoc/>
    public int Choose(ExploredMachine machine, int alternatives)
    {
        int value = choice < choices.Count && (attempt < 16 || random.Next(4) != 0) ? choices[choice] : random.Next(alternatives);
        choice++;
        return value < alternatives ? value : 0;
    }

    private static string NextOperation(IReadOnlyList<ushort> decisions, IReadOnlyList<string> expected, int from, int cpu)
    {
        for (int i = from; i < decisions.Count && i < expected.Count; i++)
        {
            if (decisions[i] == cpu)
            {
                return expected[i];
            }
        }

        return "";
    }

    // The first attempt keeps to the old lengths; later ones stray further.
    private void BeginLeg()
    {
        stepsInLeg = 0;
        isReached = false;
        passed = 0;
        toPass = leg < legs.Count ? legs[leg].Before : 0;
        if (attempt == 0)
        {
            slack = 0;
            return;
        }

        slack = random.Next((int)Math.Min(attempt, 32) + 1);
        if (random.Next(2) == 0)
        {
            toPass = random.Next(toPass + slack + 1);
        }
    }

    // Some steps, up to an operation that comes up some times before in them.
    private readonly record struct Leg(int Cpu, int Steps, string Until, int Before);
}
