namespace MmuStress.Explorer.Tests;

/// <summary>All executions of a program, with reduction and without.</summary>
internal static class Searches
{
    public static readonly ExplorationLimits Limits = new() { FairAfterSteps = 400, LivelockAfterSteps = 600 };

    /// <summary>With an exhaustive search of one worker, which goes on after a violation.</summary>
    public static Seen Reduced(IProgram program, Func<string> outcome, long limit, bool wantsTraces, bool commutesSections = false)
    {
        var seen = new Seen();
        var machine = new ExploredMachine(Limits);
        var search = new SourceSets(commutesSections: commutesSections);
        var schedules = new List<ushort[]>();
        machine.Footprints = search.Footprints;
        search.TakeUp(SearchTask.Everything);
        while (search.Begin(0))
        {
            if (seen.Executions + seen.Blocked == limit)
            {
                seen.IsCut = true;
                break;
            }

            machine.Run(program, search, repeated: search.Repeated);
            search.End(machine);
            if (machine.WasCut)
            {
                seen.Blocked++;
                continue;
            }

            Note(seen, machine, outcome);
            if (wantsTraces)
            {
                schedules.Add(machine.Decisions.ToArray());
            }
        }

        foreach (ushort[] schedule in schedules)
        {
            seen.Traces.TryAdd(KeyOf(program, schedule), schedule);
        }

        return seen;
    }

    /// <summary>One interleaving after the other.</summary>
    public static Seen Plain(IProgram program, Func<string> outcome, long limit, bool startsFirst)
    {
        var seen = new Seen();
        var strategy = new Enumeration(startsFirst);
        var machine = new ExploredMachine(Limits) { Footprints = strategy.Footprints };
        while (strategy.Begin(seen.Executions))
        {
            if (seen.Executions == limit)
            {
                seen.IsCut = true;
                break;
            }

            machine.Run(program, strategy);
            Note(seen, machine, outcome);
            TraceKey key = strategy.Key();
            if (!seen.Traces.ContainsKey(key))
            {
                seen.Traces.Add(key, machine.Decisions.ToArray());
            }
        }

        return seen;
    }

    private static TraceKey KeyOf(IProgram program, ushort[] schedule)
    {
        var replay = new TracedReplay(schedule);
        var machine = new ExploredMachine(Limits) { Footprints = replay.Footprints };
        replay.Begin(0);
        machine.Run(program, replay);
        return replay.Key();
    }

    private static void Note(Seen seen, ExploredMachine machine, Func<string> outcome)
    {
        seen.Executions++;
        if (machine.Violation is { } violation)
        {
            seen.Violations.Add(violation.Invariant);
        }
        else
        {
            seen.Outcomes.Add(outcome());
        }
    }
}
