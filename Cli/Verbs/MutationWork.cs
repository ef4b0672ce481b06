using System.Threading;
using MmuStress.Explorer;
using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary>Leaves operations out of scenarios, one by one, on several threads.</summary>
/// <param name="limits">For how long each is looked at.</param>
/// <param name="workers">How many threads.</param>
/// <param name="folder">Where schedules are saved.</param>
/// <param name="surroundings">What it runs in.</param>
internal sealed class MutationWork(MutationLimits limits, int workers, ScheduleFolder folder, Surroundings surroundings)
{
    private const long SitesSampled = 500;
    private const string Strategy = "mutate";

    private int done;

    /// <summary>How many are done.</summary>
    public int Done => Volatile.Read(ref done);

    /// <summary>The operations that a scenario performs.</summary>
    /// <param name="run">The scenario.</param>
    /// <param name="withHost">Whether those of the host count.</param>
    /// <param name="text">What their site or name must contain.</param>
    /// <returns>The operations.</returns>
    /// <exception cref="UsageException">The scenario is violated with nothing left out.</exception>
    public static IReadOnlyList<Mutation> SitesOf(ScenarioRun run, bool withHost, string text)
    {
        (IReadOnlyList<Mutation> sites, Machine.Violation? violation) = MutationTrial.SitesOf(run, SitesSampled, withHost);
        if (violation is not null)
        {
            string mmu = run.Mmu.Length == 0 ? "" : $" on {run.Mmu}";
            throw new UsageException($"scenario {run.Scenario.Name}{mmu} violates {violation.Invariant} with nothing left out, so leaving something out says nothing");
        }

        return sites.Where(m => m.Site.Contains(text, StringComparison.Ordinal) || m.Operation.Contains(text, StringComparison.Ordinal)).ToList();
    }

    /// <summary>Leaves each operation out of its scenario.</summary>
    /// <param name="trials">Scenario and operation.</param>
    /// <param name="shrinkBudget">How many runs shrinking may make.</param>
    /// <returns>What it has shown, in the same order; null for what was not done when it was interrupted.</returns>
    public IReadOnlyList<MutatedSite?> Run(IReadOnlyList<(ScenarioRun Run, Mutation Mutation)> trials, long shrinkBudget)
    {
        var results = new MutatedSite?[trials.Count];
        Exception? failure = null;
        int next = -1;
        using CancellationTokenSource late = surroundings.NewDelayedCancellation();
        Thread[] threads = Enumerable.Range(0, workers).Select(i => new Thread(Work) { IsBackground = true, Name = $"mutate {i}" }).ToArray();
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        return failure is null ? results : throw new InvalidOperationException($"a trial failed: {failure.Message}", failure);

        void Work()
        {
            for (int i = Interlocked.Increment(ref next); i < trials.Count && !surroundings.IsInterrupted && failure is null; i = Interlocked.Increment(ref next))
            {
                try
                {
                    results[i] = Try(trials[i].Run, trials[i].Mutation, shrinkBudget, late.Token);
                    Interlocked.Increment(ref done);
                }
                catch (Exception e)
                {
                    Interlocked.CompareExchange(ref failure, e, null);
                }
            }
        }
    }

    private MutatedSite? Try(ScenarioRun run, Mutation mutation, long shrinkBudget, CancellationToken late)
    {
        MutationOutcome outcome = MutationTrial.Run(run, mutation, limits, surroundings.Cancellation);
        if (outcome.Finding is null && surroundings.IsInterrupted)
        {
            return null;
        }

        var options = new ExplorationOptions { Strategy = Strategy, Seed = limits.Seed };
        SavedViolation? saved = outcome.Finding is null
            ? null
            : SavedViolation.Of(KeptViolation.Keep(outcome.Run, outcome.Finding, options, folder, late, shrinkBudget));
        return new MutatedSite(mutation, outcome, saved);
    }
}
