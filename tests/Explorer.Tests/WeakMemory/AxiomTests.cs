namespace MmuStress.Explorer.Tests;

/// <summary>The engine against the axioms: the same execution graphs, on random small programs.</summary>
public sealed class AxiomTests
{
    private static readonly SmallProgram.OpKind[][] Mixes =
    [
        [SmallProgram.OpKind.Read, SmallProgram.OpKind.Write],
        [SmallProgram.OpKind.Read, SmallProgram.OpKind.Write, SmallProgram.OpKind.Rmb, SmallProgram.OpKind.Wmb],
        [SmallProgram.OpKind.Read, SmallProgram.OpKind.Write, SmallProgram.OpKind.Mb],
        [SmallProgram.OpKind.Read, SmallProgram.OpKind.Acquire, SmallProgram.OpKind.Write, SmallProgram.OpKind.Release],
        [SmallProgram.OpKind.Read, SmallProgram.OpKind.Write, SmallProgram.OpKind.Lock, SmallProgram.OpKind.Lock],
        [SmallProgram.OpKind.Read, SmallProgram.OpKind.Write, SmallProgram.OpKind.Exchange],
        [SmallProgram.OpKind.Read, SmallProgram.OpKind.Write, SmallProgram.OpKind.Add, SmallProgram.OpKind.Release, SmallProgram.OpKind.Rmb],
        [.. Enum.GetValues<SmallProgram.OpKind>().Where(k => k != SmallProgram.OpKind.Unlock)],
    ];

    public static IConsistencyModel AxiomsOf(MemoryModel memory) => memory switch
    {
        MemoryModel.Sc => new Sc(),
        MemoryModel.Tso => new Tso(),
        _ => new Lkmm(),
    };

    internal static SmallProgram.OpKind[] MixOf(int seed) => Mixes[seed % Mixes.Length];

    [Theory]
    [InlineData(MemoryModel.Tso)]
    [InlineData(MemoryModel.Lkmm)]
    public void Sampling_ReachesExactlyWhatTheAxiomsAllow(MemoryModel memory)
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var program = new SmallProgram(seed, MixOf(seed));
            SortedSet<string> allowed = program.Allowed(AxiomsOf(memory), memory == MemoryModel.Lkmm);
            SortedSet<string> reached = Reached(program, memory, 30_000, out bool isComplete);
            AssertSame(program, seed, allowed, reached, isComplete);
        }
    }

    private static void AssertSame(SmallProgram program, int seed, SortedSet<string> allowed, SortedSet<string> reached, bool isComplete)
    {
        string? wrong = reached.FirstOrDefault(g => !allowed.Contains(g));
        Assert.True(wrong is null, $"{seed}: {program}\nnot allowed:\n{wrong}");
        string? missing = isComplete ? allowed.FirstOrDefault(g => !reached.Contains(g)) : null;
        Assert.True(missing is null, $"{seed}: {program}\nnot reached:\n{missing}");
    }

    // All interleavings with all choices, as far as the budget goes.
    private static SortedSet<string> Reached(SmallProgram program, MemoryModel memory, int budget, out bool isComplete)
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
