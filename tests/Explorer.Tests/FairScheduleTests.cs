using System.Numerics;
using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

public sealed class FairScheduleTests
{
    private const ulong All = 0b111;

    // The first yield opens CPU 0's window, the second closes it: CPU 1 has run in between, CPU 2 has not.
    [Fact]
    public void Allowed_AfterTheSecondYield_LeavesOutTheYielderUntilTheOthersHaveRun()
    {
        var fair = new Sequence();

        Assert.Equal(All, fair.Step(0, yields: true));
        Assert.Equal(All, fair.Step(1));
        Assert.Equal(All & ~1UL, fair.Step(0, yields: true));
        Assert.Equal(All & ~1UL, fair.Step(1));
        Assert.Equal(All, fair.Step(2));
    }

    [Fact]
    public void Allowed_WhereThoseAboveCannotRun_OffersTheYielder()
    {
        var fair = new Sequence();
        fair.Step(0, yields: true);
        fair.Step(0, yields: true);

        Assert.Equal(0b001UL, fair.Step(1, enabled: 0b001));
        Assert.Equal(0b100UL, fair.Step(0, enabled: 0b101));
    }

    // CPU 1 could not run for one step, which CPU 0 did not bring about: it waits for something else than CPU 0's turn.
    [Fact]
    public void Allowed_OfOneThatCouldNotRunAllTheTime_OffersTheYielder()
    {
        var fair = new Sequence();
        fair.Step(0, yields: true);
        fair.Step(2, enabled: 0b101);
        fair.Step(0);

        Assert.Equal(All, fair.Step(0, yields: true));
    }

    // Here CPU 0's own step stopped CPU 1, as taking a lock does.
    [Fact]
    public void Allowed_OfOneThatTheYielderStopped_LeavesOutTheYielder()
    {
        var fair = new Sequence();
        fair.Step(0, yields: true);
        fair.Step(2);
        fair.Step(0, enabled: 0b101);
        fair.Step(0);

        Assert.Equal(All & ~1UL, fair.Step(0, yields: true));
    }

    [Fact]
    public void Allowed_WhereItMissedSteps_BeginsAgain()
    {
        var fair = new Sequence();
        fair.Step(0, yields: true);
        fair.Step(0, yields: true);
        fair.Skip();

        Assert.Equal(All, fair.Step(0, yields: true));
    }

    // The masks against the paper's text in sets, on random runs.
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void Allowed_OnRandomRuns_IsWhatThePaperSays(int cpus)
    {
        var random = new SplitMix64(7);
        var fair = new FairSchedule();
        int leftOut = 0;
        for (int run = 0; run < 200; run++)
        {
            fair.Begin();
            var paper = new Paper(cpus);
            ulong enabled = RandomSet(cpus);
            bool yields = false;
            for (int step = 0; step < 100; step++)
            {
                ulong allowed = fair.Allowed(step, enabled, yields);
                Assert.Equal(paper.Schedulable(enabled), allowed);
                Assert.NotEqual(0UL, allowed);
                leftOut += allowed == enabled ? 0 : 1;
                int cpu = fair.Take(random.NextBit(allowed));
                yields = random.Next(3) == 0;
                ulong next = RandomSet(cpus);
                paper.Step(cpu, enabled, next, yields);
                enabled = next;
            }
        }

        Assert.InRange(leftOut, 400, 19_000);

        ulong RandomSet(int count)
        {
            ulong set = 0;
            while (set == 0)
            {
                set = random.Next() & random.Next() & ((1UL << count) - 1);
                set |= random.Next() & ((1UL << count) - 1);
            }

            return set;
        }
    }

    // Two CPUs read a word and yield until it is set, a third sets it. Without preemption a run is a sequence of rounds a and b of the two,
    // then the setter, then the two once more. A second round puts a CPU below the setter, so that each has 0, 1 or 2 rounds before it,
    // in any order: the sum of C(i+j, i) for i, j <= 2, which is 1+1+1 + 1+2+3 + 1+3+6 = 19. Afterwards the two look in either order,
    // unless the last two rounds are of one CPU, which is then below the other: aa, baa, bbaa and abb, ... So 2*19 - 3 - 3 = 32.
    [Fact]
    public void PreemptionBounded_OfTwoThatSpinPolitely_RunsEveryFairInterleaving()
    {
        var machine = new ExploredMachine();
        var strategy = new PreemptionBounded(0);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        int runs = 0;
        for (long index = 0; strategy.Begin(index); index++)
        {
            machine.Run(Programs.PoliteSpinners(2, hasSetter: true), strategy);
            runs++;
            Assert.Null(machine.Violation);
            Assert.Equal(0, machine.Preemptions);
            Assert.InRange(machine.Steps, 6, 14); // the setter's 2 and the others' Start and last look, and up to 4 rounds of 2
            seen.Add(string.Join(' ', machine.Decisions.ToArray()));
        }

        Assert.Equal((32, 32), (runs, seen.Count));
    }

    // A spinner's steps s r c r c ..., and the setter's Start after k and write after j of them, k <= j. Two yields without a step of the
    // setter in between put the spinner below it. k = 0, 1, 2: the setter's Start is before the first yield, so j <= 5, which is 6 + 5 + 4.
    // k = 3, 4: it is between the first two, so j <= 7, which is 5 + 4. k = 5: it had to come, and is before the third: j <= 9, which is 5.
    [Fact]
    public void PreemptionBounded_OfOneThatSpinsPolitely_RunsEveryFairInterleaving()
    {
        var machine = new ExploredMachine();
        var strategy = new PreemptionBounded();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (long index = 0; strategy.Begin(index); index++)
        {
            machine.Run(Programs.PoliteSpinners(1, hasSetter: true), strategy);
            seen.Add(string.Join(' ', machine.Decisions.ToArray()));
        }

        Assert.Equal((6 + 5 + 4) + (5 + 4) + 5, seen.Count);
        Assert.False(strategy.IsBounded);
    }

    // The taker stops the setter at every lock: it could not run all the time, and is let in all the same.
    [Fact]
    public void PreemptionBounded_OfOneThatTakesALockAgainAndAgain_LetsTheOtherHaveIt()
    {
        ExplorationResult result = Run.All(new TestProgram(machine =>
        {
            Word flag = machine.Memory.Allocate("kvm", "flag")[0];
            var mmuLock = new SpinLock(machine, LockClasses.MmuLock);
            machine.Spawn("taker", cpu => TakeUntilSet(cpu, mmuLock, flag));
            machine.Spawn("setter", cpu => SetLocked(cpu, mmuLock, flag));
        }));

        Assert.Empty(result.Findings);
        Assert.True(result.IsComplete);
        Assert.InRange(result.Steps, result.Schedules, result.Schedules * 30);
    }

    // The taker yields with the lock, which puts it below the one that waits for it; giving the lock back, it must stop without a yield.
    [Fact]
    public void PreemptionBounded_OfOneThatYieldsWithALock_PicksOnlyWhoIsAllowed()
    {
        var program = new TestProgram(machine =>
        {
            Word flag = machine.Memory.Allocate("kvm", "flag")[0];
            var slotsLock = new Mutex(machine, LockClasses.SlotsLock);
            machine.Spawn("taker", cpu => YieldLocked(cpu, slotsLock, flag));
            machine.Spawn("setter", cpu => SetLocked(cpu, slotsLock, flag));
            machine.Spawn("bystander", cpu => Programs.Write(cpu, flag, 2));
        });
        var machine = new ExploredMachine();
        var strategy = new Checked(new PreemptionBounded());
        for (long index = 0; strategy.Begin(index); index++)
        {
            machine.Run(program, strategy);
        }

        Assert.Equal(0, strategy.NotAllowed);
        Assert.True(strategy.Forced > 0);
    }

    [Fact]
    public void PreemptionBounded_WhereNobodyCanEndALoop_IsALivelock()
    {
        ExplorationResult result = Run.All(Programs.PoliteSpinners(2, hasSetter: false));

        Assert.Equal(1, result.Schedules);
        Assert.Equal(MachineInvariants.NoLivelock, Assert.Single(result.Findings).Violation.Invariant);
    }

    // vcpu0: Start, look, yield; vcpu1: the same; a second round of each; the setter's Start and write; a last look of each.
    [Fact]
    public void Guided_AfterItsTurns_LetsThoseRunThatOthersWaitFor()
    {
        ExploredMachine machine = Run.InTurn(Programs.PoliteSpinners(2, hasSetter: true));

        Assert.Null(machine.Violation);
        Assert.Equal((14, 0), (machine.Steps, machine.Preemptions));
    }

    private static async Coroutine TakeUntilSet(Cpu cpu, SpinLock mmuLock, Word flag)
    {
        bool isSet = false;
        while (!isSet)
        {
            await cpu.Lock(mmuLock);
            isSet = await cpu.ReadOnce(flag) != 0;
            await cpu.Unlock(mmuLock);
            await cpu.CondResched();
        }
    }

    private static async Coroutine YieldLocked(Cpu cpu, Mutex slotsLock, Word flag)
    {
        await cpu.CondResched();
        await cpu.Lock(slotsLock);
        await cpu.CondResched();
        await cpu.Unlock(slotsLock);
        await cpu.WriteOnce(flag, 2);
    }

    private static async Coroutine SetLocked(Cpu cpu, Lock guard, Word flag)
    {
        await cpu.Lock(guard);
        await cpu.WriteOnce(flag, 1);
        await cpu.Unlock(guard);
    }

    // Algorithm 1, word for word.
    private sealed class Paper
    {
        private readonly int count;
        private readonly HashSet<(int Lower, int Higher)> priority = [];
        private readonly HashSet<int>[] enabledSince;
        private readonly HashSet<int>[] disabledBy;
        private readonly HashSet<int>[] scheduledSince;

        public Paper(int cpus)
        {
            count = cpus;
            enabledSince = Enumerable.Range(0, cpus).Select(_ => new HashSet<int>()).ToArray();
            disabledBy = Enumerable.Range(0, cpus).Select(_ => new HashSet<int>()).ToArray();
            scheduledSince = Enumerable.Range(0, cpus).Select(_ => Enumerable.Range(0, cpus).ToHashSet()).ToArray();
        }

        public ulong Schedulable(ulong enabled) => Mask(Set(enabled).Where(t => !Set(enabled).Any(u => priority.Contains((t, u)))));

        public void Step(int cpu, ulong before, ulong after, bool yields)
        {
            priority.RemoveWhere(pair => pair.Higher == cpu);
            for (int u = 0; u < count; u++)
            {
                enabledSince[u].IntersectWith(Set(after));
                scheduledSince[u].Add(cpu);
            }

            disabledBy[cpu].UnionWith(Set(before & ~after));
            if (yields)
            {
                priority.UnionWith(enabledSince[cpu].Union(disabledBy[cpu]).Except(scheduledSince[cpu]).Select(u => (cpu, u)));
                enabledSince[cpu] = Set(after).ToHashSet();
                disabledBy[cpu].Clear();
                scheduledSince[cpu].Clear();
            }
        }

        private static ulong Mask(IEnumerable<int> cpus) => cpus.Aggregate(0UL, (mask, cpu) => mask | (1UL << cpu));

        private IEnumerable<int> Set(ulong mask) => Enumerable.Range(0, count).Where(cpu => (mask >> cpu & 1) != 0);
    }

    // Looks whether a strategy keeps to a fair schedule.
    private sealed class Checked(PreemptionBounded strategy) : IStrategy
    {
        private readonly FairSchedule fair = new();

        public int NotAllowed { get; private set; }

        // How often one of several had to run because a CPU that could go on and did not yield was not allowed to.
        public int Forced { get; private set; }

        public bool SeesEveryStep => true;

        public bool Begin(long index)
        {
            fair.Begin();
            return strategy.Begin(index);
        }

        public int Next(ExploredMachine machine, ulong enabled, int current, bool yields)
        {
            ulong allowed = fair.Allowed(machine.Steps, enabled, yields);
            int next = strategy.Next(machine, enabled, current, yields);
            NotAllowed += (allowed >> next & 1) == 0 ? 1 : 0;
            Forced += BitOperations.PopCount(allowed) > 1 && current >= 0 && !yields && (enabled & ~allowed & (1UL << current)) != 0 ? 1 : 0;
            return fair.Take(next);
        }

        public int Choose(ExploredMachine machine, int alternatives) => strategy.Choose(machine, alternatives);
    }

    // A run of three CPUs that can all run, but where a step says otherwise.
    private sealed class Sequence
    {
        private readonly FairSchedule fair = new();
        private int steps;

        public Sequence()
        {
            fair.Begin();
            fair.Allowed(0, All, yields: false);
        }

        // Has a CPU run; who may run then.
        public ulong Step(int cpu, bool yields = false, ulong enabled = All)
        {
            fair.Take(cpu);
            return fair.Allowed(++steps, enabled, yields);
        }

        public void Skip() => steps++;
    }
}
