using System.Text;
using System.Threading;
using MmuStress.Explorer;

namespace MmuStress.Litmus;

/// <summary>Decides litmus tests under a memory model. An instance is used by one thread at a time.</summary>
/// <remarks>
/// All final states are listed where that is little work. Otherwise an execution that meets the condition is looked for, and
/// one that does not: the search follows only what may still lead there, so that large tests are decided too.
/// </remarks>
public sealed class LitmusChecker
{
    // Beyond that many ways to combine the traces of processes, the verdict is looked for first.
    private const double ManyCombinations = 50_000;

    private readonly IConsistencyModel model;
    private readonly LitmusLimits limits;
    private LkmmFlags flags;

    /// <summary>A checker.</summary>
    /// <param name="model">The memory model.</param>
    /// <param name="limits">How much work a test may be.</param>
    public LitmusChecker(IConsistencyModel model, LitmusLimits? limits = null)
    {
        this.model = model;
        this.limits = limits ?? new LitmusLimits();
    }

    /// <summary>Decides a test.</summary>
    /// <param name="test">The test.</param>
    /// <param name="cancellation">Ends the search early; the test is undecided then.</param>
    /// <returns>The verdict and the final states.</returns>
    /// <exception cref="LitmusException">The test does something that is not supported.</exception>
    public LitmusResult Check(LitmusTest test, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(test);
        flags = LkmmFlags.None;
        var sets = new TraceSets(test, cancellation);
        var executions = new ExecutionSearch(test, model, cancellation);
        var search = new StateSearch(test, sets, executions);
        bool mayRace = model is Lkmm && sets.HasPlainAccesses;
        double combinations = sets.Traces.Aggregate(1.0, (product, traces) => product * traces.Count);

        var states = new Dictionary<string, FinalState>(StringComparer.Ordinal);
        bool areAllStates = false;
        if (mayRace || combinations <= ManyCombinations)
        {
            areAllStates = ListStates(test, search, executions, states, mayRace, mayRace ? limits.VerdictChecks : limits.StateChecks);
        }

        if (areAllStates)
        {
            return Result(Of(states.Values), isDeadlock: states.Count == 0);
        }

        if (mayRace && !flags.HasFlag(LkmmFlags.DataRace))
        {
            return Undecided("whether there is a data race");
        }

        bool? some = Find(test, search, executions, states, test.Condition);
        bool? others = some is null ? null : Find(test, search, executions, states, new Proposition.Not(test.Condition));
        if (some is null || others is null)
        {
            return Undecided("the verdict");
        }

        return Result(!some.Value ? Verdict.Never : others.Value ? Verdict.Sometimes : Verdict.Always, !some.Value && !others.Value);

        LitmusResult Undecided(string what) =>
            Result(null, isDeadlock: false) with
            {
                Undecided = cancellation.IsCancellationRequested ? "not decided when the time was up" : $"{what} is not decided after {executions.Checks} checks of executions",
            };

        LitmusResult Result(Verdict? verdict, bool isDeadlock) => new()
        {
            Verdict = verdict,
            IsDeadlock = isDeadlock,
            States = [.. states.Values.OrderBy(s => s.Text, StringComparer.Ordinal)],
            AreAllStates = areAllStates,
            Flags = flags,
            Checks = executions.Checks,
            Remarks = [.. sets.Remarks],
        };
    }

    private static Verdict Of(IEnumerable<FinalState> states)
    {
        bool some = states.Any(s => s.MeetsCondition);
        bool others = states.Any(s => !s.MeetsCondition);
        return !some ? Verdict.Never : others ? Verdict.Sometimes : Verdict.Always;
    }

    private bool ListStates(LitmusTest test, StateSearch search, ExecutionSearch executions, Dictionary<string, FinalState> states, bool mayRace, long checks)
    {
        executions.MostChecks = executions.Checks + checks;
        search.Search(
            test.Filter,
            state => IsLookingForRaces() || !states.ContainsKey(Text(test, state)),
            state =>
            {
                Note(test, state, states);
                return false;
            },
            IsLookingForRaces);
        return !executions.IsExhausted;

        bool IsLookingForRaces() => mayRace && !flags.HasFlag(LkmmFlags.DataRace);
    }

    // Whether an execution meets a goal; null where that is not decided.
    private bool? Find(LitmusTest test, StateSearch search, ExecutionSearch executions, Dictionary<string, FinalState> states, Proposition goal)
    {
        executions.MostChecks = executions.Checks + limits.VerdictChecks;
        bool isFound = search.Search(
            new Proposition.And([test.Filter, goal]),
            static _ => true,
            state =>
            {
                Note(test, state, states);
                return true;
            },
            static () => false);
        return isFound ? true : executions.IsExhausted ? null : false;
    }

    private void Note(LitmusTest test, long[] state, Dictionary<string, FinalState> states)
    {
        if (model is Lkmm lkmm)
        {
            flags |= lkmm.Flags();
        }

        string text = Text(test, state);
        if (!states.ContainsKey(text))
        {
            bool meets = test.Condition.Holds(operand => state[test.Observed.ToList().IndexOf(operand)]) == true;
            states.Add(text, new FinalState(text, meets));
        }
    }

    private static string Text(LitmusTest test, long[] state)
    {
        var text = new StringBuilder();
        for (int i = 0; i < state.Length; i++)
        {
            text.Append(i == 0 ? "" : " ").Append(test.NameOf(test.Observed[i])).Append('=').Append(test.Locations.Text(state[i])).Append(';');
        }

        return text.ToString();
    }
}
