using System.Numerics;
using System.Threading;

namespace MmuStress.Explorer;

/// <summary>Looks for the shortest schedule with the same violation: fewest preemptions, then fewest steps, then fewest actors.</summary>
/// <remarks>
/// Two searches take turns: a systematic one with a smaller and smaller bound on preemptions, and a local one that leaves out actors and
/// turns and joins turns of one CPU. Both are deterministic; the budget is a number of runs and of their steps, not a time. An actor is
/// left out only where the others can do without it: a waiter whose waker is left out deadlocks, which explains nothing.
/// </remarks>
public sealed class Shrinker
{
    private const int StepsPerRun = 1_000; // on the average, so that endless runs do not make shrinking endless

    private static readonly List<Turn>[] InTurn = [[], Enumerable.Range(0, ExploredMachine.MaxCpus).Reverse().Select(cpu => new Turn(cpu, int.MaxValue)).ToList()];

    private readonly IProgram program;
    private readonly ExploredMachine machine;
    private readonly long budget;
    private readonly Guided guided = new();
    private readonly CancellationToken cancellation;
    private long runs;
    private long steps;

    /// <summary>A shrinker.</summary>
    /// <param name="program">The program.</param>
    /// <param name="options">The options the schedule was found with.</param>
    /// <param name="budget">How many runs it may make, at least 1.</param>
    /// <param name="cancellation">Ends it early, with the shortest schedule found so far.</param>
    public Shrinker(IProgram program, ExplorationOptions options, long budget, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(budget);
        this.program = program;
        this.budget = budget;
        this.cancellation = cancellation;
        machine = options.NewMachine();
    }

    /// <summary>How many runs it made.</summary>
    public long Runs => runs;

    private bool IsSpent => runs >= budget || steps / StepsPerRun >= budget || cancellation.IsCancellationRequested;

    /// <summary>Shrinks.</summary>
    /// <param name="finding">A schedule that violates a property.</param>
    /// <returns>The shortest one found; <paramref name="finding"/> itself where none is shorter.</returns>
    public Finding Shrink(Finding finding)
    {
        Finding best = finding;
        bool improved = true;
        while (improved && !IsSpent)
        {
            Finding before = best;
            best = LeaveOutActors(best);
            best = Simplify(best);
            best = BoundPreemptions(best);
            improved = IsShorter(best, before);
        }

        return best;
    }

    private static bool IsShorter(Finding candidate, Finding than)
    {
        if (candidate.Preemptions != than.Preemptions)
        {
            return candidate.Preemptions < than.Preemptions;
        }

        return candidate.Steps != than.Steps
            ? candidate.Steps < than.Steps
            : BitOperations.PopCount(candidate.DisabledCpus) > BitOperations.PopCount(than.DisabledCpus);
    }

    private Finding LeaveOutActors(Finding best)
    {
        foreach (int cpu in best.Decisions.Where(d => d < 256).Select(d => (int)d).Distinct().OrderDescending())
        {
            ulong disabled = best.DisabledCpus | (1UL << cpu);
            if (!HoldsInTurn(disabled))
            {
                continue;
            }

            List<Turn> turns = Turn.Of(best.Decisions).Where(t => t.Cpu != cpu).ToList();
            best = Try(best, turns, disabled) ?? best;
        }

        return best;
    }

    // Whether everything holds when the CPUs run one after the other, up or down their numbers: then it can hold without those left out.
    private bool HoldsInTurn(ulong disabled)
    {
        foreach (List<Turn> turns in InTurn)
        {
            if (IsSpent)
            {
                return false;
            }

            Run(turns, [], disabled);
            if (machine.Violation is null)
            {
                return true;
            }
        }

        return false;
    }

    private Finding Simplify(Finding best)
    {
        bool improved = true;
        while (improved && !IsSpent)
        {
            improved = false;
            List<Turn> turns = Turn.Of(best.Decisions);
            for (int i = 0; i < turns.Count && !improved; i++)
            {
                foreach (List<Turn> candidate in Variations(turns, i))
                {
                    if (Try(best, candidate, best.DisabledCpus) is { } shorter)
                    {
                        best = shorter;
                        improved = true;
                        break;
                    }
                }
            }
        }

        return best;
    }

    // Turn i left out; joined with the CPU's next turn, earlier or later; cut by one step.
    private static IEnumerable<List<Turn>> Variations(List<Turn> turns, int i)
    {
        yield return [.. turns.Take(i), .. turns.Skip(i + 1)];
        int next = turns.FindIndex(i + 1, t => t.Cpu == turns[i].Cpu);
        if (next > 0)
        {
            Turn joined = turns[i] with { Steps = turns[i].Steps + turns[next].Steps };
            yield return [.. turns.Take(i), joined, .. turns.Skip(i + 1).Take(next - i - 1), .. turns.Skip(next + 1)];
            yield return [.. turns.Take(i), .. turns.Skip(i + 1).Take(next - i - 1), joined, .. turns.Skip(next + 1)];
        }

        if (turns[i].Steps > 1)
        {
            yield return [.. turns.Take(i), turns[i] with { Steps = turns[i].Steps - 1 }, .. turns.Skip(i + 1)];
        }
    }

    private Finding? Try(Finding best, List<Turn> turns, ulong disabled)
    {
        if (IsSpent)
        {
            return null;
        }

        Run(turns, best.Choices, disabled);
        return Accept(best, disabled);
    }

    private void Run(List<Turn> turns, IReadOnlyList<int> choices, ulong disabled)
    {
        guided.Follow(turns);
        guided.Choices = choices;
        guided.Begin(0);
        Run(guided, disabled);
    }

    private void Run(IStrategy strategy, ulong disabled)
    {
        machine.Run(program, strategy, disabled);
        runs++;
        steps += machine.Steps;
    }

    private Finding BoundPreemptions(Finding best)
    {
        if (best.Preemptions == 0)
        {
            return best;
        }

        var bounded = new PreemptionBounded(best.Preemptions - 1);
        for (long index = 0; !IsSpent && bounded.Begin(index); index++)
        {
            Run(bounded, best.DisabledCpus);
            if (Accept(best, best.DisabledCpus) is { } shorter)
            {
                return shorter;
            }
        }

        return best;
    }

    private Finding? Accept(Finding best, ulong disabled)
    {
        if (machine.Violation is null || !string.Equals(machine.Violation.Invariant, best.Violation.Invariant, StringComparison.Ordinal))
        {
            return null;
        }

        Finding candidate = Finding.Of(machine, best.Index, disabled);
        return IsShorter(candidate, best) ? candidate : null;
    }
}
