using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

public sealed class ShrinkerTests
{
    private static readonly BlockKind Table = new("page-table page", "NoUseOfFreedTable", "NoTableLeak");

    // Counted by hand. Lost update: Start, read | Start, read, write | write. Check then use: Start, look | Start, clear | look. Two windows:
    // Start, set | Start, set | Start, three looks. Two mutexes: Start, lock | Start, lock. Lost wakeup: Start, look | Start, 2 writes | clear.
    [Theory]
    [InlineData("lost update", 1, 6)]
    [InlineData("check then use", 1, 5)]
    [InlineData("two windows", 2, 8)]
    [InlineData("two mutexes", 1, 4)]
    [InlineData("lost wakeup", 1, 6)]
    public void Shrink_OfManyFindings_ReachesTheMinimum(string name, int preemptions, int steps)
    {
        TestProgram program = ProgramOf(name);
        List<Finding> findings = Findings(program, 40);
        Assert.Contains(findings, f => f.Preemptions > preemptions);
        foreach (Finding finding in findings)
        {
            Finding shrunk = AssertShrinks(program, finding);
            Assert.Equal((preemptions, steps, 0UL), (shrunk.Preemptions, shrunk.Steps, shrunk.DisabledCpus));
        }
    }

    // The bystander is left out, or has at least not run before the violation.
    [Fact]
    public void Shrink_WithABystander_LeavesItOut()
    {
        TestProgram program = Programs.LostUpdate(isMended: false, bystanders: 2);
        foreach (Finding finding in Findings(program, 40))
        {
            Finding shrunk = AssertShrinks(program, finding);
            Assert.Equal((1, 6, 0b1100UL), (shrunk.Preemptions, shrunk.Steps, shrunk.DisabledCpus));
            Assert.DoesNotContain(shrunk.Decisions, d => d > 1);
        }
    }

    // Without the second addition the count is 1, too, but that is no lost update: nobody is left out whom the others need.
    [Fact]
    public void Shrink_OfALostUpdate_KeepsBothAdders()
    {
        Finding finding = Run.Violates(Programs.LostUpdate(isMended: false), "NoLostUpdate");
        Finding shrunk = AssertShrinks(Programs.LostUpdate(isMended: false), finding);

        Assert.Equal(0UL, shrunk.DisabledCpus);
    }

    // Without the waker the waiter waits for ever, without the last part everything leaks: neither explains anything.
    [Fact]
    public void Shrink_OfADeadlock_KeepsTheWaker()
    {
        foreach (Finding finding in Findings(Programs.LostWakeup(isMended: false), 10))
        {
            Assert.Equal(0UL, AssertShrinks(Programs.LostWakeup(isMended: false), finding).DisabledCpus);
        }
    }

    [Fact]
    public void Shrink_OfALeak_KeepsTheLastPartThatFrees()
    {
        var program = new TestProgram(machine =>
        {
            machine.CheckLeaksAtEnd();
            Word isShared = machine.Memory.Allocate("kvm", "is_shared")[0];
            Page page = machine.Memory.AllocatePage("pte table", Table);
            machine.Spawn("vcpu0", cpu => Mark(cpu, isShared));
            machine.Spawn("vcpu1", cpu => Mark(cpu, isShared));
            machine.SpawnAfterOthers("end", cpu => FreeUnlessMarkedOnce(cpu, isShared, page));
        });
        Finding finding = Run.Violates(program, "NoTableLeak");
        Finding shrunk = AssertShrinks(program, finding);

        Assert.Contains((ushort)2, shrunk.Decisions);
        Assert.Equal(1, shrunk.Preemptions);
    }

    // An endless run has a hundred thousand steps, so few of them are tried.
    [Fact]
    public void Shrink_OfALivelock_EndsSoon()
    {
        var program = new TestProgram(machine =>
        {
            Word flag = machine.Memory.Allocate("kvm", "flag")[0];
            machine.Spawn("vcpu0", cpu => SpinWhileOne(cpu, flag));
            machine.Spawn("vcpu1", cpu => Programs.Write(cpu, flag, 1));
        });
        Finding finding = Assert.Single(Run.Explore(program, new ExplorationOptions { Strategy = "random" }).Findings);
        Assert.Equal(MachineInvariants.NoLivelock, finding.Violation.Invariant);
        var shrinker = new Shrinker(program, new ExplorationOptions(), budget: 1_000);
        Finding shrunk = shrinker.Shrink(finding);

        Assert.Equal(finding.Violation.Invariant, shrunk.Violation.Invariant);
        Assert.InRange(shrunk.Preemptions, 0, finding.Preemptions);
        Assert.InRange(shrinker.Runs, 1, 100);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(100)]
    public void Shrink_WithABudget_StaysWithinIt(long budget)
    {
        TestProgram program = Programs.TwoWindows(isMended: false);
        foreach (Finding finding in Findings(program, 5))
        {
            var shrinker = new Shrinker(program, new ExplorationOptions(), budget);
            Finding shrunk = shrinker.Shrink(finding);

            Assert.InRange(shrinker.Runs, 1, budget);
            Assert.InRange(shrunk.Preemptions, 0, finding.Preemptions);
        }
    }

    [Fact]
    public void Shrink_OfTheShortest_ReturnsItAsItIs()
    {
        TestProgram program = Programs.LostUpdate(isMended: false);
        Finding shortest = AssertShrinks(program, Run.Violates(program, "NoLostUpdate"));

        Assert.Same(shortest, new Shrinker(program, new ExplorationOptions(), 1_000).Shrink(shortest));
    }

    [Fact]
    public void Shrink_WithChoicesOfTheEnvironment_KeepsThoseThatMatter()
    {
        var program = new TestProgram(machine =>
        {
            Word word = machine.Memory.Allocate("kvm", "word")[0];
            machine.Spawn("host", cpu => ChooseAndWrite(cpu, word));
            machine.Spawn("vcpu0", cpu => Look(cpu, word));
        });
        foreach (Finding finding in Findings(program, 10))
        {
            Finding shrunk = AssertShrinks(program, finding);
            Assert.Equal(4, shrunk.Choices[0]);
            Assert.Equal(0, shrunk.Preemptions);
        }
    }

    [Fact]
    public void Budget_OfNothing_IsRefused() => Assert.Throws<ArgumentOutOfRangeException>(
        () => new Shrinker(Programs.Writers(1), new ExplorationOptions(), budget: 0));

    private static Finding AssertShrinks(TestProgram program, Finding finding)
    {
        Finding shrunk = new Shrinker(program, new ExplorationOptions(), 20_000).Shrink(finding);
        Assert.Equal(finding.Violation.Invariant, shrunk.Violation.Invariant);
        Assert.True(
            shrunk.Preemptions < finding.Preemptions || (shrunk.Preemptions == finding.Preemptions && shrunk.Steps <= finding.Steps), "it grew");
        Recording recording = Recorder.Record(program, shrunk, new ExplorationOptions());
        Assert.Equal(shrunk.Violation, recording.Violation);
        Assert.Equal((shrunk.Steps, shrunk.Preemptions), (recording.Steps, recording.Preemptions));
        return shrunk;
    }

    // The first violating schedules of the random walk.
    private static List<Finding> Findings(TestProgram program, int count)
    {
        var findings = new List<Finding>();
        for (ulong seed = 1; findings.Count < count; seed++)
        {
            ExplorationResult result = Run.Explore(program, new ExplorationOptions { Strategy = "random", Seed = seed, Iterations = 2_000 });
            findings.AddRange(result.Findings);
            Assert.True(seed < 200, "hardly anything is found");
        }

        return findings;
    }

    private static TestProgram ProgramOf(string name) => name switch
    {
        "lost update" => Programs.LostUpdate(isMended: false),
        "check then use" => Programs.CheckThenUse(isMended: false),
        "two windows" => Programs.TwoWindows(isMended: false),
        "two mutexes" => Programs.TwoMutexes(isMended: false),
        _ => Programs.LostWakeup(isMended: false),
    };

    private static async Coroutine Mark(Cpu cpu, Word isShared) => await cpu.WriteOnce(isShared, await cpu.ReadOnce(isShared) + 1);

    private static async Coroutine FreeUnlessMarkedOnce(Cpu cpu, Word isShared, Page page)
    {
        if (await cpu.ReadOnce(isShared) == 2)
        {
            cpu.Machine.Memory.FreePage(cpu, page);
        }
    }

    private static async Coroutine SpinWhileOne(Cpu cpu, Word flag)
    {
        while (await cpu.ReadOnce(flag) < 2)
        {
        }
    }

    private static async Coroutine ChooseAndWrite(Cpu cpu, Word word)
    {
        ulong chosen = await cpu.Choose(5);
        ulong unused = await cpu.Choose(2);
        await cpu.WriteOnce(word, chosen);
        await cpu.WriteOnce(word, chosen + (unused * 0));
    }

    private static async Coroutine Look(Cpu cpu, Word word)
    {
        if (await cpu.ReadOnce(word) == 4)
        {
            cpu.Fail("NotFour", "word is 4");
        }
    }
}
