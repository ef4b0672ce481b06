using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

public sealed class AdapterTests
{
    [Fact]
    public void Search_InTheSameProgram_FindsItAtOnce()
    {
        Finding found = Adapt(Programs.CheckThenUse(isMended: false), Programs.CheckThenUse(isMended: false), "NoUseOfClearedPte", attempts: 1)!;

        Assert.Equal(0, found.Index);
    }

    // A step before the check and one after it: the switch is still where the second look is.
    [Fact]
    public void Search_AfterExtraStepsWerePutIn_FindsItAgain()
    {
        TestProgram changed = Programs.CheckThenUse(isMended: false, hasExtraStep: true);
        Finding found = Adapt(Programs.CheckThenUse(isMended: false), changed, "NoUseOfClearedPte", attempts: 1)!;
        Recording recording = Recorder.Record(changed, found, new ExplorationOptions());

        Assert.Equal("NoUseOfClearedPte", recording.Violation!.Invariant);
        Assert.Equal(7, found.Steps);
    }

    [Fact]
    public void Search_AfterStepsWereTakenOut_FindsItAgain() => Assert.NotNull(
        Adapt(Programs.CheckThenUse(isMended: false, hasExtraStep: true), Programs.CheckThenUse(isMended: false), "NoUseOfClearedPte", attempts: 100));

    [Fact]
    public void Search_AfterABystanderWasAdded_FindsItAgain() => Assert.NotNull(
        Adapt(Programs.CheckThenUse(isMended: false), Programs.CheckThenUse(isMended: false, hasBystander: true), "NoUseOfClearedPte", attempts: 1));

    [Fact]
    public void Search_InTheMendedProgram_FindsNothing() => Assert.Null(
        Adapt(Programs.CheckThenUse(isMended: false), Programs.CheckThenUse(isMended: true), "NoUseOfClearedPte", attempts: 2_000));

    [Fact]
    public void Search_ForAnotherProperty_DoesNotTakeThisOne() => Assert.Null(
        Adapt(Programs.CheckThenUse(isMended: false), Programs.CheckThenUse(isMended: false), "NoStaleMapping", attempts: 100));

    // Where a long program needs one certain switch, being near is what finds it: a random walk needs thousands of schedules.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void Search_InALongProgramWithExtraSteps_NeedsFewAttempts(int extraSteps)
    {
        TestProgram old = Long(extraSteps: 0);
        Finding finding = Run.Violates(old, "NoLuck");
        List<string> expected = Expected(old, finding);
        Finding? found = new Adapter(Long(extraSteps), new ExplorationOptions()).Search(finding.Decisions, expected, "NoLuck", 50);

        Assert.NotNull(found);
    }

    [Fact]
    public void Search_WithChoices_KeepsThem()
    {
        var old = new TestProgram(machine => machine.Spawn("host", cpu => Choose(cpu, machine.Memory.Allocate("kvm", "a")[0], 0)));
        var changed = new TestProgram(machine => machine.Spawn("host", cpu => Choose(cpu, machine.Memory.Allocate("kvm", "a")[0], 2)));
        Finding? found = Adapt(old, changed, "NotSeven", attempts: 1);

        Assert.Equal([7, 3], found!.Choices);
    }

    private static Finding? Adapt(TestProgram old, TestProgram changed, string invariant, long attempts)
    {
        Finding finding = Assert.Single(Run.All(old).Findings);
        return new Adapter(changed, new ExplorationOptions()).Search(finding.Decisions, Expected(old, finding), invariant, attempts);
    }

    private static List<string> Expected(TestProgram program, Finding finding) => Schedule
        .EventsOf(Recorder.Record(program, finding, new ExplorationOptions()))
        .Select(l => l.Contains(" => ", StringComparison.Ordinal) ? l[..l.IndexOf(" => ", StringComparison.Ordinal)] : "")
        .ToList();

    // vcpu0 counts to 30; only somebody who looks at 17 exactly, and then at 18, sees it.
    private static TestProgram Long(int extraSteps) => new(machine =>
    {
        Block kvm = machine.Memory.Allocate("kvm", 31, BlockKind.Static);
        Word trace = machine.Memory.Allocate("trace", "trace")[0];
        machine.Spawn("vcpu0", cpu => WriteAll(cpu, kvm, trace, extraSteps));
        machine.Spawn("vcpu1", cpu => LookAt17(cpu, kvm));
    });

    private static async Coroutine WriteAll(Cpu cpu, Block kvm, Word trace, int extraSteps)
    {
        await Programs.Write(cpu, trace, extraSteps);
        for (int i = 1; i <= 30; i++)
        {
            await cpu.WriteOnce(kvm[i], 1);
        }
    }

    private static async Coroutine LookAt17(Cpu cpu, Block kvm)
    {
        if (await cpu.ReadOnce(kvm[17]) == 1 && await cpu.ReadOnce(kvm[18]) == 0)
        {
            cpu.Fail("NoLuck", "17 is written and 18 is not");
        }
    }

    private static async Coroutine Choose(Cpu cpu, Word word, int extraSteps)
    {
        await Programs.Write(cpu, word, 1 + extraSteps);
        ulong first = await cpu.Choose(8);
        if (first == 7 && await cpu.Choose(4) == 3)
        {
            cpu.Fail("NotSeven", "7 and 3 were chosen");
        }
    }
}
