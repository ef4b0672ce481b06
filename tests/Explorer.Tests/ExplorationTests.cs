using System.Threading;
using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

public sealed class ExplorationTests
{
    // Found by about one schedule in 300, so that several blocks of every worker come before it.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Run_WithSeveralWorkers_FindsTheSame(int seed)
    {
        ExplorationResult one = Explore(workers: 1);
        Assert.Single(one.Findings);
        Assert.True(one.Findings[0].Index > 32, "found too early to say anything");
        foreach (int workers in (int[])[2, 4])
        {
            AssertSame(one, Explore(workers));
        }

        ExplorationResult Explore(int workers) => Run.Explore(
            Needle(4), new ExplorationOptions { Strategy = "random", Seed = (ulong)seed, Workers = workers, Iterations = 50_000 });
    }

    [Fact]
    public void Run_ThatKeepsGoing_FindsTheFirstOfEachPropertyWithAnyWorkers()
    {
        ExplorationResult one = Explore(workers: 1);
        Assert.Equal(["First", "Second"], one.Findings.Select(f => f.Violation.Invariant).Order(StringComparer.Ordinal));
        Assert.Equal(3_000, one.Schedules);
        AssertSame(one, Explore(workers: 2));
        AssertSame(one, Explore(workers: 4));

        var first = new Dictionary<string, long>(StringComparer.Ordinal);
        var machine = new ExploredMachine();
        var walk = new RandomWalk(1);
        for (long index = 0; index < 3_000; index++)
        {
            walk.Begin(index);
            machine.Run(TwoProperties(), walk);
            if (machine.Violation is { } violation)
            {
                first.TryAdd(violation.Invariant, index);
            }
        }

        Assert.All(one.Findings, f => Assert.Equal(first[f.Violation.Invariant], f.Index));

        static ExplorationResult Explore(int workers) => Run.Explore(
            TwoProperties(), new ExplorationOptions { Strategy = "random", Workers = workers, Iterations = 3_000, KeepGoing = true });
    }

    [Fact]
    public void Run_WithoutAViolation_RunsAllIterations()
    {
        ExplorationResult result = Run.Explore(
            Programs.Writers(2, 3), new ExplorationOptions { Strategy = "random", Iterations = 1_001, Workers = 2 });

        Assert.Equal((1_001, 7_007, false, false), (result.Schedules, result.Steps, result.IsComplete, result.WasInterrupted));
    }

    [Fact]
    public void Run_Cancelled_SaysSo()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        ExplorationResult result = new Exploration(() => Programs.Writers(2, 3), new ExplorationOptions()).Run(cancelled.Token);

        Assert.True(result.WasInterrupted);
        Assert.InRange(result.Schedules, 0, 99_999);
    }

    [Fact]
    public void Run_OutOfTime_EndsWithoutBeingInterrupted()
    {
        ExplorationResult result = Run.Explore(
            Programs.Writers(2, 3), new ExplorationOptions { Iterations = long.MaxValue / 2, Time = TimeSpan.Zero });

        Assert.Equal((32, false, false), (result.Schedules, result.WasInterrupted, result.IsComplete));
    }

    [Fact]
    public void Run_OfASequentialStrategy_WithMoreWorkers_StillTriesEachScheduleOnce()
    {
        ExplorationResult result = Run.Explore(
            Programs.Writers(2, 3), new ExplorationOptions { Strategy = "preemption-bounded", Depth = 9, Workers = 4 });

        Assert.Equal((125, true), (result.Schedules, result.IsComplete));
    }

    [Fact]
    public void Run_OfAProgramThatCannotBeSetUp_Fails() => Assert.Throws<InvalidOperationException>(() => Run.Explore(
        new TestProgram(_ => throw new InvalidOperationException("no such scenario")), new ExplorationOptions { Workers = 2 }));

    [Fact]
    public void Progress_AfterARun_CountsWhatItDid()
    {
        var exploration = new Exploration(() => Programs.Writers(1), new ExplorationOptions { Iterations = 100 });
        exploration.Run();

        Assert.Equal(new ExplorationProgress(100, 200, 0), exploration.Progress);
    }

    [Fact]
    public void Options_OutOfRange_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => New(new ExplorationOptions { Strategy = "luck" }));
        Assert.Throws<ArgumentOutOfRangeException>(() => New(new ExplorationOptions { Iterations = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => New(new ExplorationOptions { Workers = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => New(new ExplorationOptions { Depth = 0 }));

        static Exploration New(ExplorationOptions options) => new(() => Programs.Writers(1), options);
    }

    private static void AssertSame(ExplorationResult expected, ExplorationResult actual)
    {
        Assert.Equal(
            (expected.Schedules, expected.Steps, expected.IsComplete, expected.WasInterrupted),
            (actual.Schedules, actual.Steps, actual.IsComplete, actual.WasInterrupted));
        Assert.Equal(expected.Findings.Count, actual.Findings.Count);
        foreach ((Finding first, Finding second) in expected.Findings.Zip(actual.Findings))
        {
            Assert.Equal(
                (first.Violation, first.Index, first.Steps, first.Preemptions), (second.Violation, second.Index, second.Steps, second.Preemptions));
            Assert.Equal(first.Decisions, second.Decisions);
        }
    }

    // Two CPUs must take turns exactly: 1, 2, 3, ... by the one and the other.
    private static TestProgram Needle(int rounds) => new(machine =>
    {
        Word word = machine.Memory.Allocate("kvm", "turn")[0];
        for (int id = 0; id < 2; id++)
        {
            int parity = id;
            machine.Spawn($"cpu{id}", cpu => Alternate(cpu, word, parity, rounds));
        }
    });

    private static TestProgram TwoProperties() => new(machine =>
    {
        Word word = machine.Memory.Allocate("kvm", "word")[0];
        machine.Spawn("cpu0", cpu => Programs.Write(cpu, word, 4));
        machine.Spawn("cpu1", cpu => Look(cpu, word));
    });

    private static async Coroutine Alternate(Cpu cpu, Word word, int parity, int rounds)
    {
        for (int i = 0; i < rounds; i++)
        {
            if (await cpu.ReadOnce(word) != (ulong)((2 * i) + parity))
            {
                return;
            }

            await cpu.AddReturn(word, 1);
        }

        if (parity == 1)
        {
            cpu.Fail("NoTurns", "the CPUs took turns");
        }
    }

    private static async Coroutine Look(Cpu cpu, Word word)
    {
        ulong seen = await cpu.ReadOnce(word);
        if (seen is 2 or 3)
        {
            cpu.Fail(seen == 2 ? "First" : "Second", $"word is {seen}");
        }
    }
}
