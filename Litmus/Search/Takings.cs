namespace MmuStress.Litmus;

/// <summary>Counts writes and read-modify-writes of each value: no two read-modify-writes read from the same write.</summary>
internal sealed class Takings
{
    private readonly int[] balance;
    private readonly int[][] later;
    private readonly int[] laterInAll;

    /// <summary>A count in which no process has run.</summary>
    /// <param name="sets">The values there are.</param>
    /// <param name="inOrder">The traces of each process, in the order in which they will be added.</param>
    public Takings(TraceSets sets, IReadOnlyList<List<Trace>> inOrder)
    {
        balance = new int[sets.ValueCount];
        foreach (int number in sets.InitialValues)
        {
            balance[number]++;
        }

        laterInAll = new int[inOrder.Count + 1];
        later = new int[inOrder.Count + 1][];
        later[^1] = new int[sets.ValueCount];
        for (int i = inOrder.Count - 1; i >= 0; i--)
        {
            later[i] = (int[])later[i + 1].Clone();
            laterInAll[i] = laterInAll[i + 1] + inOrder[i].Max(t => t.Written.Length);
            var most = new Dictionary<int, int>();
            foreach (Trace trace in inOrder[i])
            {
                foreach (IGrouping<int, int> writes in trace.Written.GroupBy(n => n))
                {
                    most[writes.Key] = Math.Max(most.GetValueOrDefault(writes.Key), writes.Count());
                }
            }

            foreach ((int number, int count) in most)
            {
                later[i][number] += count;
            }
        }
    }

    /// <summary>Adds the trace of the process at a place of the order, or takes it away again.</summary>
    public void Add(Trace trace, int sign)
    {
        foreach (int number in trace.Written)
        {
            balance[number] += sign;
        }

        foreach (int number in trace.Taken)
        {
            balance[number] -= sign;
        }
    }

    /// <summary>Whether there may be enough writes for the read-modify-writes, with those of the processes that are to come.</summary>
    /// <param name="next">The place of the next process in the order.</param>
    public bool MaySuffice(int next)
    {
        int[] most = later[next];
        int missing = 0;
        for (int number = 0; number < balance.Length; number++)
        {
            if (balance[number] + most[number] < 0)
            {
                return false;
            }

            missing += Math.Max(-balance[number], 0);
        }

        return missing <= laterInAll[next];
    }
}
