namespace MmuStress.Explorer.Tests;

/// <summary>Takes down an interleaving step by step and puts it in canonical form: for each step of each CPU, the set of steps before it.</summary>
/// <remarks>By comparing every pair of steps, so that it shares nothing with the search but the relation of dependency.</remarks>
internal sealed class TraceTaker
{
    private readonly Footprints footprints = new();
    private readonly List<Taken> steps = [];
    private int cpus;

    /// <summary>What the machine has to be given.</summary>
    public Footprints Footprints => footprints;

    public void Begin()
    {
        steps.Clear();
        footprints.IsRecording = false;
        footprints.Truncate(0);
    }

    /// <summary>Notes that <paramref name="cpu"/> performs its pending operation now.</summary>
    public void Step(ExploredMachine machine, int cpu)
    {
        if (cpus == 0)
        {
            cpus = machine.CpuCount;
            footprints.Begin(cpus);
        }

        ref readonly Operation pending = ref machine.Pending(cpu);
        bool isLast = pending.Kind == OperationKind.WaitForOthers
            || (pending.Kind == OperationKind.CondResched && !machine.CpuAt(cpu).SeesChange());
        steps.Add(new Taken(cpu, footprints.Count, isLast, 0));
        footprints.IsRecording = true;
        footprints.Operation(machine.CpuAt(cpu));
    }

    /// <summary>Notes a choice of the environment.</summary>
    public void Choice(int value) => steps[^1] = steps[^1] with { Choices = (steps[^1].Choices * 256) + (ulong)value + 1 };

    /// <summary>The trace of what was taken down.</summary>
    public TraceKey Key()
    {
        footprints.IsRecording = false;
        var past = new int[steps.Count * cpus]; // for each step and CPU, how many of that CPU's steps come before it or are it
        var done = new int[cpus];
        ulong low = 0;
        ulong high = 0;
        for (int j = 0; j < steps.Count; j++)
        {
            Span<int> mine = past.AsSpan(j * cpus, cpus);
            int cpu = steps[j].Cpu;
            for (int i = 0; i < j; i++)
            {
                if (steps[i].Cpu == cpu || steps[j].IsLast || AreDependent(i, j))
                {
                    for (int q = 0; q < cpus; q++)
                    {
                        mine[q] = Math.Max(mine[q], past[(i * cpus) + q]);
                    }
                }
            }

            mine[cpu] = ++done[cpu];
            ulong hash = Mix(((ulong)cpu << 32) + (ulong)done[cpu] + Mix(steps[j].Choices));
            foreach (int count in mine)
            {
                hash = Mix(hash + (ulong)count);
            }

            low += hash; // a sum, since the steps come in any order
            high += Mix(hash ^ 0x5bd1e995);
        }

        return new TraceKey(low, high);
    }

    private bool AreDependent(int i, int j)
    {
        int endOfJ = j + 1 < steps.Count ? steps[j + 1].Start : footprints.Count;
        for (int a = steps[i].Start; a < steps[i + 1].Start; a++)
        {
            for (int b = steps[j].Start; b < endOfJ; b++)
            {
                if (footprints[a].DependsOn(footprints[b]))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static ulong Mix(ulong value)
    {
        value += 0x9e3779b97f4a7c15;
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
        value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
        return value ^ (value >> 31);
    }

    private readonly record struct Taken(int Cpu, int Start, bool IsLast, ulong Choices);
}
