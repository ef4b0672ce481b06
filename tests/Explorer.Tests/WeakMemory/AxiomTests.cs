namespace MmuStress.Explorer.Tests;

/// <summary>The engine against the axioms: the same execution graphs, on random small programs.</summary>
public sealed class AxiomTests
{
    private static readonly LitmusProgram.OpKind[][] Mixes =
    [
        [LitmusProgram.OpKind.Read, LitmusProgram.OpKind.Write],
        [LitmusProgram.OpKind.Read, LitmusProgram.OpKind.Write, LitmusProgram.OpKind.Rmb, LitmusProgram.OpKind.Wmb],
        [LitmusProgram.OpKind.Read, LitmusProgram.OpKind.Write, LitmusProgram.OpKind.Mb],
        [LitmusProgram.OpKind.Read, LitmusProgram.OpKind.Acquire, LitmusProgram.OpKind.Write, LitmusProgram.OpKind.Release],
        [LitmusProgram.OpKind.Read, LitmusProgram.OpKind.Write, LitmusProgram.OpKind.Lock, LitmusProgram.OpKind.Lock],
        [LitmusProgram.OpKind.Read, LitmusProgram.OpKind.Write, LitmusProgram.OpKind.Exchange],
        [LitmusProgram.OpKind.Read, LitmusProgram.OpKind.Write, LitmusProgram.OpKind.Add, LitmusProgram.OpKind.Release, LitmusProgram.OpKind.Rmb],
        [.. Enum.GetValues<LitmusProgram.OpKind>().Where(k => k != LitmusProgram.OpKind.Unlock)],
    ];

    public static IConsistencyModel AxiomsOf(MemoryModel memory) => memory switch
    {
        MemoryModel.Sc => new Sc(),
        MemoryModel.Tso => new Tso(),
        _ => new Lkmm(),
    };

    internal static LitmusProgram.OpKind[] MixOf(int seed) => Mixes[seed % Mixes.Length];

    [Theory]
    [InlineData(MemoryModel.Tso)]
    [InlineData(MemoryModel.Lkmm)]
    public void Sampling_ReachesExactlyWhatTheAxiomsAllow(MemoryModel memory)
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var program = new LitmusProgram(seed, MixOf(seed));
            SortedSet<string> allowed = program.Allowed(AxiomsOf(memory), memory == MemoryModel.Lkmm);
            SortedSet<string> reached = Reached(program, memory, 30_000, out bool isComplete);
            AssertSame(program, seed, allowed, reached, isComplete);
        }
    }

    private static void AssertSame(LitmusProgram program, int seed, SortedSet<string> allowed, SortedSet<string> reached, bool isComplete)
    {
        string? wrong = reached.FirstOrDefault(g => !allowed.Contains(g));
        Assert.True(wrong is null, $"{seed}: {program}\nnot allowed:\n{wrong}");
        string? missing = isComplete ? allowed.FirstOrDefault(g => !reached.Contains(g)) : null;
        Assert.True(missing is null, $"{seed}: {program}\nnot reached:\n{missing}");
    }

    // All interleavings with all choices, as far as the budget goes.
    private static SortedSet<string> Reached(LitmusProgram program, MemoryModel memory, int budget, out bool isComplete)
    {
        var machine = new ExploredMachine(memory: memory);
        var strategy = new PreemptionBounded(100);
        var seen = new SortedSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < budget; i++)
        {
            if (!strategy.Begin(i))
            {
                isComplete = true;
                return seen;
            }

            machine.Run(program, strategy);
            Assert.Null(machine.Violation);
            seen.Add(machine.DescribeExecution());
        }

        isComplete = false;
        return seen;
    }
}
