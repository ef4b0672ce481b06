using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

public sealed class StrategyTests
{
    public static TheoryData<string> Names
    {
        get
        {
            var names = new TheoryData<string>();
            foreach (StrategyEntry entry in StrategyCatalog.All)
            {
                names.Add(entry.Name);
            }

            return names;
        }
    }

    // Start, two writes; Start, three writes: 3 and 4 steps, C(7,3) = 35 interleavings. By preemptions, with a block being the steps of one
    // CPU in a row: r blocks have r - 1 switches, the last of which is free, because the CPU that is left has ended; so r - 2 preemptions.
    // m steps fall into b blocks in C(m-1, b-1) ways:
    //   r = 2: 1*1 + 1*1 = 2     r = 3: C(2,1)*1 + C(3,1)*1 = 5     r = 4: 2*C(2,1)*C(3,1) = 12
    //   r = 5: C(2,2)*C(3,1) + C(3,2)*C(2,1) = 9     r = 6: 2*C(2,2)*C(3,2) = 6     r = 7: C(3,3)*C(2,2) = 1     altogether 35
    [Theory]
    [InlineData(0, 2)]
    [InlineData(1, 7)]
    [InlineData(2, 19)]
    [InlineData(3, 28)]
    [InlineData(4, 34)]
    [InlineData(5, 35)]
    public void PreemptionBounded_OfTwoAndThreeWrites_RunsEveryInterleavingOfABound(int bound, int expected)
    {
        var machine = new ExploredMachine();
        var strategy = new PreemptionBounded(5);
        var seen = new HashSet<string>();
        int runs = 0;
        for (long index = 0; strategy.Begin(index); index++)
        {
            machine.Run(Programs.Writers(2, 3), strategy);
            if (strategy.Bound == bound)
            {
                runs++;
                Assert.InRange(machine.Preemptions, 0, bound);
                seen.Add(string.Join(' ', machine.Decisions.ToArray()));
            }
        }

        Assert.Equal((expected, expected), (runs, seen.Count));
    }

    // 2 + 7 + 19 + 28 + 34 + 35: each bound begins again, and at 5 nothing is cut any more.
    [Fact]
    public void PreemptionBounded_WithAHighBound_EndsByItself()
    {
        ExplorationResult result = Run.All(Programs.Writers(2, 3), bound: 1_000);

        Assert.Equal((125, true), (result.Schedules, result.IsComplete));
        Assert.Equal(125 * 7, result.Steps);
    }

    // Three CPUs of 2 steps: 6!/(2! 2! 2!) = 90 interleavings.
    [Fact]
    public void PreemptionBounded_OfThreeWriters_RunsEveryInterleaving()
    {
        var machine = new ExploredMachine();
        var strategy = new PreemptionBounded();
        var seen = new HashSet<string>();
        for (long index = 0; strategy.Begin(index); index++)
        {
            machine.Run(Programs.Writers(1, 1, 1), strategy);
            seen.Add(string.Join(' ', machine.Decisions.ToArray()));
        }

        Assert.Equal(90, seen.Count);
    }

    // A CPU is Start, Lock, Write, Unlock. Once one has the lock, the other's Lock has to wait for the Unlock, so that only the place of its
    // Start is free: before the first one's Start, Lock, Write or Unlock, or after it. 5 places, twice.
    [Fact]
    public void PreemptionBounded_OfTwoCriticalSections_RunsEveryInterleavingOnce()
    {
        var program = new TestProgram(machine =>
        {
            Word word = machine.Memory.Allocate("kvm", "word")[0];
            var mmuLock = new SpinLock(machine, LockClasses.MmuLock);
            machine.Spawn("vcpu0", cpu => Critical(cpu, mmuLock, word));
            machine.Spawn("vcpu1", cpu => Critical(cpu, mmuLock, word));
        });
        var machine = new ExploredMachine();
        var strategy = new PreemptionBounded();
        var seen = new HashSet<string>();
        for (long index = 0; strategy.Begin(index); index++)
        {
            machine.Run(program, strategy);
            Assert.Null(machine.Violation);
            seen.Add(string.Join(' ', machine.Decisions.ToArray()));
        }

        Assert.Equal(10, seen.Count);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 3)]
    [InlineData(64, 64)]
    [InlineData(255, 255)]
    public void PreemptionBounded_OfAChoice_TakesEveryAlternativeOnce(int alternatives, int expected)
    {
        var chosen = new List<ulong>();
        ExplorationResult result = Run.All(new TestProgram(machine => machine.Spawn("vcpu0", cpu => Choose(cpu, alternatives, chosen))));

        Assert.Equal((expected, true), (result.Schedules, result.IsComplete));
        Assert.Equal(Enumerable.Range(0, expected).Select(n => (ulong)n), chosen.TakeLast(expected));
    }

    // One CPU that chooses among 3 and then among 2: 6 runs, without any preemption.
    [Fact]
    public void PreemptionBounded_OfTwoChoices_TakesEveryPair()
    {
        var pairs = new HashSet<(ulong, ulong)>();
        ExplorationResult result = Run.All(new TestProgram(machine => machine.Spawn("vcpu0", cpu => ChooseTwice(cpu, pairs))));

        Assert.Equal((6, true), (result.Schedules, result.IsComplete));
        Assert.Equal(6, pairs.Count);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Strategy_OnALostUpdate_FindsIt(string strategy) => AssertFinds(strategy, Programs.LostUpdate(isMended: false), "NoLostUpdate");

    [Theory]
    [MemberData(nameof(Names))]
    public void Strategy_OnAtomicUpdates_ReportsNothing(string strategy) => AssertHolds(strategy, Programs.LostUpdate(isMended: true));

    [Theory]
    [MemberData(nameof(Names))]
    public void Strategy_OnAnAtomicityViolation_FindsIt(string strategy) =>
        AssertFinds(strategy, Programs.CheckThenUse(isMended: false), "NoUseOfClearedPte");

    [Theory]
    [MemberData(nameof(Names))]
    public void Strategy_OnCheckAndUseUnderALock_ReportsNothing(string strategy) => AssertHolds(strategy, Programs.CheckThenUse(isMended: true));

    [Theory]
    [MemberData(nameof(Names))]
    public void Strategy_OnTwoWindows_FindsThem(string strategy) => AssertFinds(strategy, Programs.TwoWindows(isMended: false), "NotBothWindows");

    [Theory]
    [MemberData(nameof(Names))]
    public void Strategy_OnWindowsUnderALock_ReportsNothing(string strategy) => AssertHolds(strategy, Programs.TwoWindows(isMended: true));

    // The bound of the paper, 1/(n k^(d-1)), for depths 2 and 3.
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Pct_OnABugOfItsDepth_FindsItAsOftenAsItsBoundSays(int depth)
    {
        const int Schedules = 40_000;
        TestProgram program = depth == 2 ? Programs.CheckThenUse(isMended: false) : Programs.TwoWindows(isMended: false);
        var machine = new ExploredMachine();
        int steps = MostBranchingSteps(machine, program);
        var pct = new Pct(seed: 42, depth, steps);
        int found = 0;
        for (long index = 0; index < Schedules; index++)
        {
            pct.Begin(index);
            machine.Run(program, pct);
            found += machine.Violation is null ? 0 : 1;
        }

        // For depth 2 the bound is the exact probability, so four standard deviations are left to chance.
        double expected = Schedules / (machine.CpuCount * Math.Pow(steps, depth - 1));
        Assert.InRange(found, expected - (4 * Math.Sqrt(expected)), Schedules);
        Assert.InRange(expected, 100, Schedules);
    }

    [Theory]
    [InlineData("random")]
    [InlineData("pct")]
    [InlineData("pos")]
    [InlineData("portfolio")]
    public void Strategy_WithASeed_RepeatsItselfAndDiffersFromOtherSeeds(string name)
    {
        Assert.Equal(Decisions(name, seed: 1), Decisions(name, seed: 1));
        Assert.NotEqual(Decisions(name, seed: 1), Decisions(name, seed: 2));
        Assert.True(Decisions(name, seed: 1).Distinct(StringComparer.Ordinal).Count() > 20);
    }

    // A schedule depends on its number, not on those that its worker ran before.
    [Theory]
    [InlineData("random")]
    [InlineData("pct")]
    [InlineData("pos")]
    [InlineData("portfolio")]
    public void Strategy_BegunInTheMiddle_RunsTheSameSchedule(string name)
    {
        List<string> all = Decisions(name, seed: 7);
        var machine = new ExploredMachine();
        IStrategy strategy = StrategyCatalog.Find(name)!.Create(new StrategyParameters(7, 3, 10));
        for (int index = all.Count - 1; index >= 0; index -= 3)
        {
            strategy.Begin(index);
            machine.Run(Programs.Writers(3, 3, 3), strategy);
            Assert.Equal(all[index], string.Join(' ', machine.Decisions.ToArray()));
        }
    }

    // Every one of the 35 interleavings comes up, and none more often than its probability under a fair coin allows: at most 1/8, when one
    // CPU takes its 3 steps first, each with 1/2. 1/8 of 20,000 is 2,500; 2,800 is more than six standard deviations above.
    [Fact]
    public void RandomWalk_OfTwoWriters_ReachesEveryInterleaving()
    {
        var machine = new ExploredMachine();
        var walk = new RandomWalk(1);
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        for (long index = 0; index < 20_000; index++)
        {
            walk.Begin(index);
            machine.Run(Programs.Writers(2, 3), walk);
            string decisions = string.Join(' ', machine.Decisions.ToArray());
            seen[decisions] = seen.GetValueOrDefault(decisions) + 1;
        }

        Assert.Equal(35, seen.Count);
        Assert.InRange(seen.Values.Max(), 2_200, 2_800);
    }

    [Fact]
    public void SplitMix64_OfKnownSeed_GivesTheReferenceNumbers()
    {
        var random = new SplitMix64(1234567);

        Assert.Equal([6457827717110365317UL, 3203168211198807973UL, 9817491932198370423UL], [random.Next(), random.Next(), random.Next()]);
    }

    [Theory]
    [InlineData(0b1UL)]
    [InlineData(0b1010_0110UL)]
    [InlineData(1UL << 63)]
    [InlineData(ulong.MaxValue)]
    public void SplitMix64_NextBit_IsTheOneThatANumberBelowTheCountSays(ulong mask)
    {
        int[] bits = Enumerable.Range(0, 64).Where(bit => (mask >> bit & 1) != 0).ToArray();
        var random = new SplitMix64(5);
        SplitMix64 number = random;
        for (int i = 0; i < 200; i++)
        {
            Assert.Equal(bits[number.Next(bits.Length)], random.NextBit(mask));
        }
    }

    [Fact]
    public void Catalog_OfAnUnknownName_FindsNothing() => Assert.Null(StrategyCatalog.Find("dfs"));

    private static void AssertFinds(string strategy, TestProgram program, string invariant)
    {
        ExplorationResult result = Run.Explore(program, new ExplorationOptions { Strategy = strategy, Iterations = 20_000 });
        Assert.Equal(invariant, Assert.Single(result.Findings).Violation.Invariant);
        Assert.False(result.WasInterrupted);
    }

    private static void AssertHolds(string strategy, TestProgram program)
    {
        ExplorationResult result = Run.Explore(program, new ExplorationOptions { Strategy = strategy, Iterations = 20_000 });
        Assert.Empty(result.Findings.Select(f => f.Violation));
        Assert.Equal(StrategyCatalog.Find(strategy)!.IsSequential, result.IsComplete);
    }

    private static List<string> Decisions(string name, ulong seed)
    {
        var machine = new ExploredMachine();
        IStrategy strategy = StrategyCatalog.Find(name)!.Create(new StrategyParameters(seed, 3, 10));
        var all = new List<string>();
        for (long index = 0; index < 100; index++)
        {
            Assert.True(strategy.Begin(index));
            machine.Run(Programs.Writers(3, 3, 3), strategy);
            all.Add(string.Join(' ', machine.Decisions.ToArray()));
        }

        return all;
    }

    private static int MostBranchingSteps(ExploredMachine machine, IProgram program)
    {
        var walk = new RandomWalk(1);
        int most = 1;
        for (long index = 0; index < 100; index++)
        {
            walk.Begin(index);
            machine.Run(program, walk);
            most = Math.Max(most, machine.BranchingSteps);
        }

        return most;
    }

    private static async Coroutine Critical(Cpu cpu, SpinLock mmuLock, Word word)
    {
        await cpu.Lock(mmuLock);
        await cpu.WriteOnce(word, 1);
        await cpu.Unlock(mmuLock);
    }

    private static async Coroutine Choose(Cpu cpu, int alternatives, List<ulong> chosen) => chosen.Add(await cpu.Choose(alternatives));

    private static async Coroutine ChooseTwice(Cpu cpu, HashSet<(ulong First, ulong Second)> pairs)
    {
        ulong first = await cpu.Choose(3);
        pairs.Add((first, await cpu.Choose(2)));
    }
}
