using MmuStress.Actors;
using MmuStress.Explorer;
using MmuStress.Machine;

namespace MmuStress.Hosts.Tests;

public sealed class ExploredHostTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Script_OfTwoCounters_LosesAnUpdateUnlessItIsAtomic(bool isAtomic)
    {
        ExplorationResult result = Explore(stage =>
        {
            Word sum = stage.Machine.Memory.Allocate("sum", "sum")[0];
            stage.Add(new Counter("a", sum, isAtomic), new Add(1), new Add(10));
            stage.Add(new Counter("b", sum, isAtomic), new Add(100));
            stage.CheckAtEnd(() => Expect(stage, sum, 111));
        });

        AssertFound(result, isAtomic ? null : "ExactSum");
    }

    [Fact]
    public void Script_OfAnActor_IsHandledInOrder()
    {
        var seen = new List<Message>();
        ExplorationResult result = Explore(stage =>
        {
            seen.Clear();
            stage.Add(new Counter("a", stage.Machine.Memory.Allocate("sum", "sum")[0], seen: seen), new Add(1), new Add(2), new Add(3));
        });

        AssertFound(result, null);
        Assert.Equal([new Add(1), new Add(2), new Add(3)], seen);
    }

    // The script is in the mailbox from the start: whatever is sent comes after it. Both askers' questions come in either order.
    [Fact]
    public void Inbox_OfAnActorWithAScript_ComesAfterIt()
    {
        var seen = new List<Message>();
        var orders = new HashSet<string>(StringComparer.Ordinal);
        ExplorationResult result = Explore(stage =>
        {
            seen.Clear();
            Word sum = stage.Machine.Memory.Allocate("sum", "sum")[0];
            var manager = new Counter("manager", sum, awaitsMessages: true, seen: seen);
            stage.Add(manager, new Add(10));
            stage.Add(new Counter("a", sum), new Ask(manager));
            stage.Add(new Counter("b", sum), new Ask(manager));
            stage.CheckAtEnd(() => Expect(stage, sum, 12));
            stage.CheckAtEnd(() => orders.Add(string.Join(' ', seen.Select(m => m.GetType().Name))));
        });

        AssertFound(result, null);
        Assert.Equal(["Add Question Question"], orders);
    }

    [Fact]
    public void Actor_ThatDoesNotAwaitMessages_LeavesWhoAsksWaiting()
    {
        ExplorationResult result = Explore(stage =>
        {
            Word sum = stage.Machine.Memory.Allocate("sum", "sum")[0];
            var manager = new Counter("manager", sum);
            stage.Add(manager);
            stage.Add(new Counter("a", sum), new Ask(manager));
        });

        AssertFound(result, MachineInvariants.NoDeadlock);
        Assert.Equal("a waits for answer to change from 0", result.Findings[0].Violation.Message);
    }

    [Theory]
    [InlineData(true, null)]
    [InlineData(false, "ExactSum")]
    public void Epilogue_AfterAllActors_RunsBeforeTheChecks(bool hasEpilogue, string? invariant)
    {
        ExplorationResult result = Explore(stage =>
        {
            Word sum = stage.Machine.Memory.Allocate("sum", "sum")[0];
            stage.Add(new Counter("a", sum), new Add(1));
            stage.Add(new Counter("b", sum), new Add(1));
            if (hasEpilogue)
            {
                stage.Finally(cpu => AddFive(cpu, sum));
            }

            stage.CheckAtEnd(() => Expect(stage, sum, 7));
        });

        AssertFound(result, invariant);
    }

    [Theory]
    [InlineData(true, "NoTableLeak")]
    [InlineData(false, null)]
    public void Leaks_AreLookedForWhenAsked(bool checkLeaks, string? invariant)
    {
        var kind = new BlockKind("page-table page", "NoUseAfterFree", "NoTableLeak");
        ExplorationResult result = Explore(stage =>
        {
            Word sum = stage.Machine.Memory.Allocate("sum", "sum")[0];
            stage.Machine.Memory.AllocatePage("table", kind);
            stage.Add(new Counter("a", sum), new Add(1));
            stage.Finally(cpu => AddFive(cpu, sum), checkLeaks);
        });

        AssertFound(result, invariant);
    }

    [Theory]
    [InlineData("rule", "NoBreach", "a rule is broken")]
    [InlineData("lock", MachineInvariants.LockDiscipline, "a ends and still holds mmu_lock")]
    [InlineData("anything", MachineInvariants.NoException, "ArgumentException: a knows no Break")]
    public void Message_ThatBreaksARule_IsAViolation(string what, string invariant, string message)
    {
        ExplorationResult result = Explore(stage => stage.Add(
            new Counter("a", stage.Machine.Memory.Allocate("sum", "sum")[0]), new Break(what), new Add(1)));

        AssertFound(result, invariant);
        Assert.Equal(message, result.Findings[0].Violation.Message);
    }

    // One host, several machines: as shrinking and recording use it.
    [Fact]
    public void Host_OnSeveralMachinesInTurns_BuildsEachAfresh()
    {
        var host = new ExploredHost(stage =>
        {
            Word sum = stage.Machine.Memory.Allocate("sum", "sum")[0];
            stage.Add(new Counter("a", sum), new Add(1));
            stage.CheckAtEnd(() => Expect(stage, sum, 1));
        });
        ExploredMachine[] machines = [new(), new()];
        var walk = new RandomWalk(1);
        for (int i = 0; i < 6; i++)
        {
            walk.Begin(i);
            machines[i % 2].Run(host, walk);
            Assert.Null(machines[i % 2].Violation);
            Assert.Equal(1, machines[i % 2].CpuCount);
        }
    }

    private static ExplorationResult Explore(Action<Stage> build) => new Exploration(
        () => new ExploredHost(build), new ExplorationOptions { Strategy = "preemption-bounded", Depth = 3, Iterations = 200_000 }).Run();

    private static void AssertFound(ExplorationResult result, string? invariant)
    {
        Assert.Equal(invariant, result.Findings.SingleOrDefault()?.Violation.Invariant);
        Assert.True(invariant is not null || result.IsComplete);
    }

    private static void Expect(Stage stage, Word sum, ulong expected)
    {
        if (sum.Peek != expected)
        {
            stage.Machine.Report(new Violation("ExactSum", $"the sum is {sum.Peek}"), null);
        }
    }

    private static async Coroutine AddFive(Cpu cpu, Word sum) => await cpu.WriteOnce(sum, await cpu.ReadOnce(sum) + 5);
}
