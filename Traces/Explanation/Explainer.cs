using MmuStress.Explorer;

namespace MmuStress.Traces;

/// <summary>Has the explorer find an order of the unseen steps that explains an episode, and keeps what the SPTEs hold then.</summary>
internal sealed class Explainer
{
    // How many events the orders of an episode may print that a search tries, and how many orders it tries at least.
    private const int MostPrintedAtFirst = 200_000;
    private const int MostPrinted = 2_000_000;
    private const int FewestOrders = 20;

    private enum Outcome : byte
    {
        Undecided,
        Explained,
        Refused,
    }

    private readonly ExploredMachine machine = new(wordsPerPage: ModelledInvalidation.WordsPerPage);
    private readonly EpisodePlan plan = new();
    private readonly Explanation explanation = new();
    private EpisodeProgram? program;
    private FileOrder? fileOrder;
    private OrderSearch? orders;

    /// <summary>Explains an episode, or says that it can't be explained.</summary>
    /// <param name="episode">The episode.</param>
    /// <param name="table">What the SPTEs hold before it, and then after it.</param>
    /// <param name="bits">What their bits mean.</param>
    /// <param name="mayWait">Whether an episode that can't be explained may be: what comes after it may tell.</param>
    /// <param name="conclusions">Takes what can't be explained.</param>
    /// <returns>Whether it is done with: explained, refused or given up.</returns>
    public bool Explain(Episode episode, SpteTable table, SpteBits bits, bool mayWait, Conclusions conclusions)
    {
        if (episode.Events.Count == 0)
        {
            return true;
        }

        plan.Make(episode, table, bits);
        explanation.Begin();
        program ??= new EpisodeProgram(plan, explanation);
        fileOrder ??= new FileOrder(program);
        orders ??= new OrderSearch(machine, plan, explanation);
        plan.ByGfn = episode.ByGfn ?? plan.ByGfn;
        bool mayBeEither = episode.ByGfn is null && episode.Invalidations.Count > 0;
        if (!IsExplainedInFileOrder() && mayBeEither)
        {
            plan.ByGfn = !plan.ByGfn;
            _ = IsExplainedInFileOrder();
        }

        if (machine.Violation is { } violation && violation.Invariant != Explanation.Found)
        {
            throw new InvalidOperationException($"line {episode.Events[0].Line}: {violation.Message}");
        }

        if (machine.Violation is null && ((episode.IsHeld && mayWait) || !Search(episode, table, bits, mayBeEither, mayWait, conclusions)))
        {
            return false;
        }

        Keep(episode, table);
        return true;
    }

    private bool IsExplainedInFileOrder()
    {
        machine.Run(program!, fileOrder!);
        return machine.Violation is not null;
    }

    // Orders near the preferred one, then all up to equivalence, until one explains it. False where it was not explained, and may be later.
    private bool Search(Episode episode, SpteTable table, SpteBits bits, bool mayBeEither, bool mayWait, Conclusions conclusions)
    {
        for (int i = mayBeEither ? 2 : 1; i > 0; i--)
        {
            if (orders!.Run(program!, fileOrder!))
            {
                return true;
            }

            plan.ByGfn ^= mayBeEither;
        }

        conclusions.CountSearch();
        Outcome outcome = SearchAll(episode, table, bits, mayWait);
        if (outcome != Outcome.Explained && mayBeEither)
        {
            plan.ByGfn = !plan.ByGfn;
            Outcome other = SearchAll(episode, table, bits, mayWait);
            outcome = other == Outcome.Refused ? outcome : other; // refused only as neither
        }

        if (outcome != Outcome.Explained && mayWait)
        {
            return false;
        }

        int furthest = explanation.FurthestEvent;
        if (outcome == Outcome.Refused)
        {
            string reason = explanation.Obstacle?.Describe(plan) ?? "no order of the unseen steps before it explains it";
            conclusions.Refuse(episode.Events[furthest].Line, reason, () => EpisodeText.Of(episode, furthest, reason));
        }
        else if (outcome == Outcome.Undecided)
        {
            conclusions.LeaveUndecided(episode.Events[furthest].Line);
        }

        return true;
    }

    private Outcome SearchAll(Episode episode, SpteTable table, SpteBits bits, bool mayWait)
    {
        VerificationResult result = Verify(episode, MostPrintedAtFirst);
        if (result.Finding is null && mayWait)
        {
            return Outcome.Undecided;
        }

        bool isRefused = result.IsComplete && result.Finding is null;
        if (!isRefused && result.Finding is null && explanation.Obstacle is { } obstacle)
        {
            plan.Relax(obstacle);
            isRefused = Verify(episode, MostPrintedAtFirst) is { IsComplete: true, Finding: null };
            plan.Make(episode, table, bits);
        }

        if (!isRefused && result.Finding is null)
        {
            result = Verify(episode, MostPrinted);
            isRefused = result.IsComplete && result.Finding is null;
        }

        if (result.Finding is { } found)
        {
            var replay = new Replay([.. found.Decisions]);
            replay.Begin(0);
            machine.Run(program!, replay);
            return Outcome.Explained;
        }

        return isRefused ? Outcome.Refused : Outcome.Undecided;
    }

    private VerificationResult Verify(Episode episode, int printed)
    {
        var options = new VerificationOptions { WordsPerPage = ModelledInvalidation.WordsPerPage, Executions = Math.Max(FewestOrders, printed / episode.Events.Count) };
        VerificationResult result = new Verification(() => new EpisodeProgram(plan, explanation), options).Run();
        return result.Finding is { Violation: { } violation } && violation.Invariant != Explanation.Found
            ? throw new InvalidOperationException($"line {episode.Events[0].Line}: {violation.Message}")
            : result;
    }

    // What is not explained is taken as the trace says it is.
    private void Keep(Episode episode, SpteTable table)
    {
        for (int root = plan.Roots; root < plan.RootsAtEnd; root++)
        {
            table.AddRoot();
        }

        foreach ((int root, int entry, ulong huge) in program!.Splits)
        {
            table.Split(root, plan.Entries[entry], huge);
        }

        for (int root = 0; root < plan.RootsAtEnd; root++)
        {
            for (int i = 0; i < plan.Entries.Count; i++)
            {
                table.Set(root, plan.Entries[i], program.EntryAtEnd(root, i));
            }
        }

        if (machine.Violation is null)
        {
            foreach (EpisodeEvent e in episode.Events)
            {
                if (e.Kind == EpisodeEventKind.Changed)
                {
                    table.Set(plan.RootsAtEnd - 1, SpteKey.Of(e.E, e.A, (int)e.D), e.C);
                }
            }
        }

        table.Trim();
    }
}
