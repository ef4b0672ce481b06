using MmuStress.Explorer;

namespace MmuStress.Litmus;

/// <summary>Looks for final states with some property among the executions that a memory model allows.</summary>
internal sealed class StateSearch(LitmusTest test, TraceSets sets, ExecutionSearch executions)
{
    // So many traces are tried in the time of one question to the model.
    private const int NodesPerCheck = 100;

    private readonly int[] finalLocations = FinalLocations(test);
    private readonly Trace?[] chosen = new Trace?[test.ProcessCount];
    private readonly Dictionary<int, int> last = [];
    private List<Trace>[] traces = [];
    private int[] processes = [];
    private ulong[][] laterWrites = [];
    private long nodes;
    private Takings takings = null!;
    private bool hasFailure;
    private Proposition goal = new Proposition.Truth(true);
    private Func<long[], bool> wants = static _ => true;
    private Func<long[], bool> found = static _ => true;

    /// <summary>Looks for states that meet a goal.</summary>
    /// <param name="meant">The goal; the test's filter is to be part of it.</param>
    /// <param name="wanted">Whether a state is of interest; asked before its executions are looked for.</param>
    /// <param name="onFound">Called with each execution's state; says whether to stop the search.</param>
    /// <param name="isEach">Whether each execution of a state is wanted, not only the first.</param>
    /// <returns>Whether it was told to stop.</returns>
    public bool Search(Proposition meant, Func<long[], bool> wanted, Func<long[], bool> onFound, Func<bool> isEach)
    {
        goal = meant;
        wants = wanted;
        found = onFound;
        Array.Clear(chosen);
        last.Clear();
        traces = new List<Trace>[test.ProcessCount];
        for (int p = 0; p < test.ProcessCount; p++)
        {
            traces[p] = [.. sets.Traces[p].Where(t => MayMeet(p, t))];
        }

        TraceSets.Prune(traces);
        if (traces.Any(t => t.Count == 0))
        {
            return false;
        }

        processes = [.. Enumerable.Range(0, test.ProcessCount).OrderBy(p => traces[p].Count)];
        int words = traces[0][0].Writes.Length;
        laterWrites = new ulong[processes.Length + 1][];
        laterWrites[^1] = new ulong[words];
        for (int i = processes.Length - 1; i >= 0; i--)
        {
            laterWrites[i] = TraceSets.Union(traces[processes[i]], words);
            for (int w = 0; w < words; w++)
            {
                laterWrites[i][w] |= laterWrites[i + 1][w];
            }
        }

        takings = new Takings(sets, [.. processes.Select(p => traces[p])]);
        return Choose(0, new ulong[words], new ulong[words], isEach);
    }

    private static int[] FinalLocations(LitmusTest test)
    {
        var operands = new List<Operand>(test.Observed);
        test.Filter.Visit(operands.Add);
        return [.. operands.Where(o => o.IsLocation).Select(o => o.Index).Distinct()];
    }

    private bool MayMeet(int process, Trace trace)
    {
        chosen[process] = trace;
        bool mayMeet = goal.Holds(Known) != false;
        chosen[process] = null;
        return mayMeet;
    }

    private long? Known(Operand operand)
    {
        if (operand.IsRegister)
        {
            // What a process that fails has in its registers says nothing.
            return chosen[operand.Process] is { Failure: null } trace ? trace.Registers[operand.Index] : null;
        }

        return last.TryGetValue(operand.Index, out int write)
            ? write < 0 ? test.Locations.InitialValue(operand.Index) : executions.Graph.Value(write)
            : null;
    }

    private bool Choose(int depth, ulong[] written, ulong[] needed, Func<bool> isEach)
    {
        if (depth == processes.Length)
        {
            return Leaf(isEach);
        }

        int process = processes[depth];
        var writtenNow = new ulong[written.Length];
        var neededNow = new ulong[written.Length];
        foreach (Trace trace in traces[process])
        {
            bool isPossible = true;
            for (int w = 0; w < written.Length; w++)
            {
                writtenNow[w] = written[w] | trace.Writes[w];
                neededNow[w] = needed[w] | trace.Needs[w];
                isPossible &= (neededNow[w] & ~(writtenNow[w] | laterWrites[depth + 1][w])) == 0;
            }

            if (!isPossible)
            {
                continue;
            }

            if (++nodes % NodesPerCheck == 0)
            {
                executions.Spend(1);
            }

            chosen[process] = trace;
            takings.Add(trace, 1);
            bool isDone = takings.MaySuffice(depth + 1) && goal.Holds(Known) != false && Choose(depth + 1, writtenNow, neededNow, isEach);
            takings.Add(trace, -1);
            if (isDone)
            {
                return true;
            }

            if (executions.IsExhausted)
            {
                break;
            }
        }

        chosen[process] = null;
        return false;
    }

    private bool Leaf(Func<bool> isEach)
    {
        last.Clear();
        hasFailure = Array.Exists(chosen, t => t!.Failure is not null);
        if (finalLocations.Length == 0 && !hasFailure && !wants(State()))
        {
            return false;
        }

        bool isDone = executions.Load(chosen!) && ChooseLast(0, isEach);
        last.Clear();
        return isDone;
    }

    private bool ChooseLast(int index, Func<bool> isEach)
    {
        if (index < finalLocations.Length)
        {
            int location = finalLocations[index];
            foreach (int write in executions.LastWrites(location).ToList())
            {
                last[location] = write;
                if (goal.Holds(Known) != false && ChooseLast(index + 1, isEach))
                {
                    return true;
                }
            }

            last.Remove(location);
            return false;
        }

        long[] state = State();
        if (!hasFailure && (goal.Holds(Known) != true || !wants(state)))
        {
            return false;
        }

        bool isDone = false;
        executions.Search(last.Values, () =>
        {
            if (hasFailure)
            {
                throw chosen.First(t => t!.Failure is not null)!.Failure!;
            }

            isDone = found(state);
            return isDone || !isEach();
        });
        return isDone;
    }

    private long[] State()
    {
        var state = new long[test.Observed.Count];
        for (int i = 0; i < state.Length; i++)
        {
            state[i] = Known(test.Observed[i]) ?? 0;
        }

        return state;
    }
}
