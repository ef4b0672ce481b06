namespace MmuStress.Explorer.Tests;

/// <summary>A search with reduction against every interleaving of the same program.</summary>
internal static class Comparison
{
    private static readonly VerificationOptions Options = new() { Limits = Searches.Limits };

    /// <summary>What is wrong with the search; null when nothing is, or when there are more than <paramref name="limit"/> interleavings.</summary>
    public static string? Fault(RandomProgram program, long limit, Tally tally)
    {
        Seen plain = Searches.Plain(program, program.Outcome, limit, program.StartsWithSteps);
        if (plain.IsCut)
        {
            tally.TooLarge++;
            return null;
        }

        tally.Interleavings += plain.Executions;
        VerificationResult result = new Verification(() => new RandomProgram(program.Cpus), Options).Run();
        Seen commuting = Searches.Reduced(program, program.Outcome, limit, wantsTraces: false, commutesSections: true);
        if (plain.Violations.Count > 0)
        {
            tally.Violated++;
            return FaultOfViolated(program, plain, result) ?? (commuting.Violations.Overlaps(plain.Violations) ? null : "misses every violation where sections commute");
        }

        tally.Held++;
        tally.Executions += result.Executions;
        tally.Blocked += result.Blocked;
        if (result.Finding is { } finding)
        {
            return $"reports {finding.Violation}, which no interleaving shows";
        }

        if (!result.IsComplete)
        {
            return "does not end complete";
        }

        Seen reduced = Searches.Reduced(program, program.Outcome, limit, wantsTraces: result.Executions != plain.Traces.Count);
        if (!reduced.Outcomes.SetEquals(plain.Outcomes))
        {
            return $"misses [{string.Join("; ", plain.Outcomes.Except(reduced.Outcomes))}], invents [{string.Join("; ", reduced.Outcomes.Except(plain.Outcomes))}]";
        }

        if (reduced.Executions != result.Executions)
        {
            return $"explores {reduced.Executions} executions in one run and {result.Executions} in the next";
        }

        tally.Commuting += commuting.Executions;
        return result.Executions == plain.Traces.Count
            ? FaultOfCommuting(plain, commuting) ?? FaultOfShared(program, commuting.Executions)
            : $"explores {result.Executions} executions, {reduced.Traces.Count} of them different, where there are {plain.Traces.Count} traces"
                + string.Concat(plain.Traces.Where(t => !reduced.Traces.ContainsKey(t.Key)).Take(1).Select(t => $"; misses {string.Join(' ', t.Value)}"));
    }

    /// <summary>The same with operations left out for as long as something is wrong.</summary>
    public static RandomProgram Shrink(RandomProgram program, long limit)
    {
        for (bool isSmaller = true; isSmaller;)
        {
            isSmaller = false;
            foreach (RandomProgram smaller in Smaller(program))
            {
                if (Fault(smaller, limit, new Tally()) is not null)
                {
                    program = smaller;
                    isSmaller = true;
                    break;
                }
            }
        }

        return program;
    }

    // Where critical sections commute, the same is seen in at most as many executions.
    private static string? FaultOfCommuting(Seen plain, Seen commuting)
    {
        if (!commuting.Outcomes.SetEquals(plain.Outcomes))
        {
            return $"with commuting sections misses [{string.Join("; ", plain.Outcomes.Except(commuting.Outcomes))}], invents [{string.Join("; ", commuting.Outcomes.Except(plain.Outcomes))}]";
        }

        if (commuting.Violations.Count > 0)
        {
            return $"with commuting sections reports [{string.Join(" and ", commuting.Violations)}], which no interleaving shows";
        }

        return commuting.Executions > plain.Traces.Count ? $"with commuting sections explores {commuting.Executions} executions of {plain.Traces.Count} traces" : null;
    }

    // Two workers, and a search that is stopped and gone on with, explore what one worker does; two workers some of it twice, where a step
    // that one has not finished goes on to a choice of the environment.
    private static string? FaultOfShared(RandomProgram program, long executions)
    {
        if (executions is < 2 or > 100)
        {
            return null;
        }

        VerificationOptions options = Options with { UsesSymmetry = true, Workers = 2 };
        VerificationResult shared = new Verification(() => new RandomProgram(program.Cpus), options).Run();
        if ((shared.Executions != executions && !(HasChoice(program) && shared.Executions > executions)) || !shared.IsComplete)
        {
            return $"of two workers explores {shared.Executions} executions where one explores {executions}: {shared.Finding?.Violation}";
        }

        options = options with { Workers = 1 };
        for (long stop = executions > 8 ? executions / 2 : 1; stop < executions; stop += executions > 8 ? executions : 1)
        {
            VerificationResult part = new Verification(() => new RandomProgram(program.Cpus), options with { Executions = stop }).Run();
            VerificationResult whole = new Verification(() => new RandomProgram(program.Cpus), options with { Resumed = part.Left }).Run();
            if (whole.Executions != executions || !whole.IsComplete)
            {
                return $"gone on with after {part.Executions} ends at {whole.Executions} executions, not {executions}";
            }
        }

        return null;
    }

    private static bool HasChoice(RandomProgram program) => program.Cpus.Any(ops => ops.Any(HasChoice));

    private static bool HasChoice(RandomOp op) => op.Kind == RandomOpKind.Choose || op.Body.Any(HasChoice);

    private static string? FaultOfViolated(RandomProgram program, Seen plain, VerificationResult result)
    {
        if (result.Finding is not { } finding)
        {
            return $"misses a violation of {string.Join(" and ", plain.Violations)}";
        }

        if (!plain.Violations.Contains(finding.Violation.Invariant))
        {
            return $"reports a violation of {finding.Violation.Invariant}, where there are only those of {string.Join(" and ", plain.Violations)}";
        }

        Recording replayed = Recorder.Record(program, finding, new ExplorationOptions { Limits = Searches.Limits });
        return replayed.Violation == finding.Violation ? null : $"its {finding.Violation} is {replayed.Violation} when it is replayed";
    }

    private static IEnumerable<RandomProgram> Smaller(RandomProgram program)
    {
        for (int id = 0; id < program.Cpus.Count; id++)
        {
            foreach (IReadOnlyList<RandomOp> ops in Smaller(program.Cpus[id]))
            {
                yield return new RandomProgram([.. program.Cpus.Select((other, i) => i == id ? ops : other)]);
            }
        }
    }

    private static IEnumerable<IReadOnlyList<RandomOp>> Smaller(IReadOnlyList<RandomOp> ops)
    {
        for (int i = 0; i < ops.Count; i++)
        {
            yield return [.. ops.Take(i), .. ops.Skip(i + 1)];
            if (ops[i].Body.Count == 0)
            {
                continue;
            }

            yield return [.. ops.Take(i), .. ops[i].Body, .. ops.Skip(i + 1)];
            foreach (IReadOnlyList<RandomOp> body in Smaller(ops[i].Body))
            {
                yield return [.. ops.Take(i), ops[i] with { Body = body }, .. ops.Skip(i + 1)];
            }
        }
    }
}
