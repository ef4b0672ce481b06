using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

public sealed class ReplayTests
{
    private static readonly ExplorationOptions Options = new();

    public static TheoryData<string> ProgramNames => new("lost update", "check then use", "two windows", "two mutexes", "lost wakeup", "choices", "plain race");

    [Theory]
    [MemberData(nameof(ProgramNames))]
    public void Replay_OfAThousandSeeds_IsExact(string name)
    {
        IProgram program = ProgramOf(name);
        var machine = new ExploredMachine { Trace = [] };
        int violations = 0;
        for (ulong seed = 0; seed < 1_000; seed++)
        {
            var walk = new RandomWalk(seed);
            walk.Begin(0);
            machine.Run(program, walk);
            List<TraceEvent> events = [.. machine.Trace!];
            var finding = new Finding(
                machine.Violation ?? new Violation("", ""), 0, machine.Decisions.ToArray(), machine.Steps, machine.Preemptions);

            Recording recording = Recorder.Record(program, finding, Options);
            IReadOnlyList<string> lines = Schedule.EventsOf(recording);
            Recording again = Recorder.Record(program, finding, Options, lines.Select(WithoutValue).ToList());

            Assert.Equal(finding.Decisions, recording.Decisions);
            Assert.Equal(finding.Decisions.Count, lines.Count);
            Assert.Equal(machine.Violation, recording.Violation);
            Assert.Equal((finding.Steps, finding.Preemptions), (recording.Steps, recording.Preemptions));
            Assert.Equal(events, recording.Events);
            Assert.Equal(events, again.Events);
            violations += machine.Violation is null ? 0 : 1;
        }

        Assert.InRange(violations, 1, name == "plain race" ? 1_000 : 999);
    }

    [Fact]
    public void Recording_OfAFinding_TellsWhatHappened()
    {
        Finding finding = Run.Violates(Programs.LostUpdate(isMended: false), "NoLostUpdate");
        Recording recording = Recorder.Record(Programs.LostUpdate(isMended: false), finding, Options);

        Assert.Equal(["vcpu0", "vcpu1"], recording.Actors);
        Assert.Equal((-1, 6, 1), (recording.Violator, recording.Steps, recording.Preemptions));
        Assert.Equal(
            [
                "vcpu0 Start => 0",
                "vcpu0 ReadOnce users => 0",
                "vcpu1 Start => 0",
                "vcpu1 ReadOnce users => 0",
                "vcpu1 WriteOnce users => 1",
                "vcpu0 WriteOnce users => 1",
            ],
            Schedule.EventsOf(recording).Select(l => l.Split("  at ")[0]));
        Assert.Equal(["users => 0", "users => 0", "users = 1", "users = 1"], recording.Events.Where(e => e.Text is not null).Select(e => e.Text));
        Assert.Matches(@"  at tests/Explorer\.Tests/Programs\.cs:\d+$", Schedule.EventsOf(recording)[1]);
    }

    [Fact]
    public void Replay_OfAnotherStep_SaysWhatItExpectedAndFound()
    {
        ScheduleMismatchException mismatch = Mismatch(
            Programs.CheckThenUse(isMended: false), Programs.CheckThenUse(isMended: false, hasExtraStep: true), "NoUseOfClearedPte");

        Assert.Equal((2, "vcpu0 ReadOnce pte", "vcpu0 WriteOnce trace"), (mismatch.Step, mismatch.Expected, mismatch.Found));
        Assert.Equal("the schedule no longer fits at step 2: expected vcpu0 ReadOnce pte, found vcpu0 WriteOnce trace", mismatch.Message);
    }

    [Fact]
    public void Replay_OfAScheduleThatIsTooShort_SaysThatItEnds()
    {
        Finding finding = Of(Programs.Writers(2, 2), [0, 0, 0, 1, 1, 1]);
        var mismatch = Assert.Throws<ScheduleMismatchException>(() => Recorder.Record(Programs.Writers(2, 3), finding, Options));

        Assert.Equal((7, "the end of the schedule", "cpu1 WriteOnce words[1]"), (mismatch.Step, mismatch.Expected, mismatch.Found));
    }

    [Fact]
    public void Replay_OfAScheduleThatIsTooLong_SaysThatTheRunEnds()
    {
        Finding finding = Of(Programs.Writers(2, 3), [0, 0, 0, 1, 1, 1, 1]);
        var mismatch = Assert.Throws<ScheduleMismatchException>(() => Recorder.Record(Programs.Writers(2, 2), finding, Options));

        Assert.Equal((7, "a further step", "the end of the run"), (mismatch.Step, mismatch.Expected, mismatch.Found));
    }

    [Fact]
    public void Replay_ThatViolatesSomethingEarlier_SaysSo()
    {
        Finding finding = Of(Programs.CheckThenUse(isMended: false), [0, 0, 1, 1, 0, 0]);
        var mismatch = Assert.Throws<ScheduleMismatchException>(() => Recorder.Record(Programs.CheckThenUse(isMended: false), finding, Options));

        Assert.Equal((6, "a violation of NoUseOfClearedPte"), (mismatch.Step, mismatch.Found));
    }

    [Fact]
    public void Replay_OfACpuThatHasToWait_SaysSo()
    {
        Finding finding = Of(Programs.TwoMutexes(isMended: true), [0, 0, 1, 1]);
        var mismatch = Assert.Throws<ScheduleMismatchException>(() => Recorder.Record(Programs.TwoMutexes(isMended: true), finding, Options));

        Assert.Equal((4, "actor 1", "vcpu1, which cannot run there (Lock slots_lock[0])"), (mismatch.Step, mismatch.Expected, mismatch.Found));
    }

    [Fact]
    public void Replay_OfACpuThatIsNotThere_SaysSo()
    {
        var mismatch = Assert.Throws<ScheduleMismatchException>(
            () => Recorder.Record(Programs.Writers(1, 1), Of(Programs.Writers(1, 1), [0, 2]), Options));

        Assert.Equal((2, "actor 2", "only 2 actors"), (mismatch.Step, mismatch.Expected, mismatch.Found));
    }

    [Theory]
    [InlineData(256, 2, "a step", "a choice among 3")] // a step was expected where the program chooses
    [InlineData(0, 2, "a choice of the environment", "cpu0 WriteOnce words[0]")]
    [InlineData(3, 2, "choice 3", "a choice among 3")]
    public void Replay_OfAChoiceThatIsNotThere_SaysSo(int what, int step, string expected, string found)
    {
        (IProgram program, ushort[] decisions) = what switch
        {
            256 => (ProgramOf("choices"), new ushort[] { 0, 0 }),
            0 => (Programs.Writers(1), [0, 256]),
            _ => (ProgramOf("choices"), [0, 259]),
        };
        var mismatch = Assert.Throws<ScheduleMismatchException>(() => Recorder.Record(program, Of(program, decisions), Options));

        Assert.Equal((step, expected, found), (mismatch.Step, mismatch.Expected, mismatch.Found));
    }

    // Every choice of the environment comes back, also next to one that is none.
    [Fact]
    public void Replay_OfChoices_TakesTheSame()
    {
        Finding finding = Run.Violates(ProgramOf("choices"), "NotTwoAndOne");
        Recording recording = Recorder.Record(ProgramOf("choices"), finding, Options);

        Assert.Equal([2, 1], finding.Choices);
        Assert.Equal(finding.Violation, recording.Violation);
        Assert.Equal(["choice 2", "choice 1"], Schedule.EventsOf(recording).Where(l => l.StartsWith("choice", StringComparison.Ordinal)));
    }

    private static IProgram ProgramOf(string name) => name switch
    {
        "lost update" => Programs.LostUpdate(isMended: false, bystanders: 1),
        "check then use" => Programs.CheckThenUse(isMended: false, hasBystander: true),
        "two windows" => Programs.TwoWindows(isMended: false),
        "two mutexes" => Programs.TwoMutexes(isMended: false),
        "lost wakeup" => Programs.LostWakeup(isMended: false),
        "plain race" => new TestProgram(machine =>
        {
            Word word = machine.Memory.Allocate("kvm", "word")[0];
            machine.Spawn("vcpu0", cpu => WritePlain(cpu, word));
            machine.Spawn("vcpu1", cpu => WritePlain(cpu, word));
        }),
        _ => new TestProgram(machine =>
        {
            Word word = machine.Memory.Allocate("kvm", "word")[0];
            machine.Spawn("host", cpu => Choose(cpu, word));
            machine.Spawn("vcpu0", cpu => Programs.Write(cpu, word, 2));
        }),
    };

    private static Finding Of(IProgram program, ushort[] decisions)
    {
        ExploredMachine machine = Run.InTurn(program);
        return new Finding(machine.Violation ?? new Violation("", ""), 0, decisions, decisions.Length, 0);
    }

    private static ScheduleMismatchException Mismatch(IProgram program, IProgram changed, string invariant)
    {
        Finding finding = Run.Violates(program, invariant);
        List<string> expected = Schedule.EventsOf(Recorder.Record(program, finding, Options)).Select(WithoutValue).ToList();
        return Assert.Throws<ScheduleMismatchException>(() => Recorder.Record(changed, finding, Options, expected));
    }

    private static string WithoutValue(string line)
    {
        int end = line.IndexOf(" => ", StringComparison.Ordinal);
        return end < 0 ? "" : line[..end];
    }

    private static async Coroutine WritePlain(Cpu cpu, Word word)
    {
        cpu.Log($"{cpu.Name} writes");
        await cpu.CondResched();
        cpu.Write(word, 1);
    }

    private static async Coroutine Choose(Cpu cpu, Word word)
    {
        ulong first = await cpu.Choose(3);
        await cpu.WriteOnce(word, first);
        ulong second = await cpu.Choose(1) + await cpu.Choose(2);
        await cpu.WriteOnce(word, second);
        if (first == 2 && second == 1)
        {
            cpu.Fail("NotTwoAndOne", "2 and 1 were chosen");
        }
    }
}
