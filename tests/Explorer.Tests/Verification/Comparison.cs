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
        if (plain.Violations.Count > 0)
        {
            tally.Violated++;
            return FaultOfViolated(program, plain, result);
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

        return result.Executions == plain.Traces.Count
            ? null
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
