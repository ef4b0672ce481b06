using MmuStress.Actors;
using MmuStress.Explorer;
using MmuStress.Machine;

namespace MmuStress.Hosts.Akka.Tests;

public sealed class AkkaProgramTests
{
    private static readonly AkkaExploringHost Host = new(AkkaSettings.Defaults);

    // Two additions of a read and a write each can lose one in every order of the steps; the explorer's own host is the oracle.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Exploration_OfEverything_IsThatOfTheOwnHost(int depth)
    {
        static void Build(Stage stage)
        {
            Word sum = stage.Machine.Memory.Allocate("sum", "sum")[0];
            var c = new Counter("c", sum, awaitsMessages: true);
            stage.Add(new Counter("a", sum), new Add(1), new Pass(c, 1));
            stage.Add(new Counter("b", sum), new Pass(c, 1), new Add(1));
            stage.Add(c);
        }

        ExplorationResult own = Explore(ExploringHost.Own, Build, depth);
        ExplorationResult akka = Explore(Host, Build, depth);

        Assert.True(own.IsComplete && own.Schedules > 10);
        Assert.Equal((own.Schedules, own.Steps, own.IsComplete), (akka.Schedules, akka.Steps, akka.IsComplete));
    }

    [Fact]
    public void LostUpdate_IsFoundAndReplaysInEitherHost()
    {
        ExplorationResult result = Explore(Host, LostUpdate, 2);
        Finding finding = Assert.Single(result.Findings);

        Assert.Equal("ExactSum", finding.Violation.Invariant);
        foreach (IExploringHost host in (IExploringHost[])[Host, ExploringHost.Own])
        {
            Recording recording = Recorder.Record(host.NewProgram(LostUpdate), finding, new ExplorationOptions());
            Assert.Equal(finding.Violation, recording.Violation);
            Assert.Equal(finding.Steps, recording.Steps);
        }
    }

    // The finding ends a run in the middle of a message; the next runs of the same actors must not see anything of it.
    [Fact]
    public void Run_AfterOneThatEndedEarly_BeginsAfresh()
    {
        ExplorationResult result = new Exploration(
            () => Host.NewProgram(LostUpdate), new ExplorationOptions { Iterations = 2_000, KeepGoing = true, Workers = 1 }).Run();
        ExplorationResult own = new Exploration(
            () => ExploringHost.Own.NewProgram(LostUpdate), new ExplorationOptions { Iterations = 2_000, KeepGoing = true, Workers = 1 }).Run();

        Assert.Equal((own.Schedules, own.Steps, own.Findings[0].Index), (result.Schedules, result.Steps, result.Findings[0].Index));
    }

    [Theory]
    [InlineData("rule", "NoBreach", "a rule is broken")]
    [InlineData("anything", MachineInvariants.NoException, "ArgumentException: a knows no Break")]
    public void Failure_OfABehaviour_IsReportedAndTheNextRunHasANewActor(string what, string invariant, string message)
    {
        IProgram program = Host.NewProgram(stage => stage.Add(new Counter("a", stage.Machine.Memory.Allocate("sum", "sum")[0]), new Break(what), new Add(1)));
        var machine = new ExploredMachine();
        var walk = new RandomWalk(1);
        for (int i = 0; i < 3; i++)
        {
            walk.Begin(i);
            machine.Run(program, walk);
            Assert.Equal((invariant, message), (machine.Violation?.Invariant, machine.Violation?.Message));
        }
    }

    [Fact]
    public void Program_OnSeveralMachinesInTurns_RunsOnEach()
    {
        Word sum = default;
        IProgram program = Host.NewProgram(stage =>
        {
            sum = stage.Machine.Memory.Allocate("sum", "sum")[0];
            stage.Add(new Counter("a", sum), new Add(1), new Add(1));
        });
        ExploredMachine[] machines = [new(), new()];
        var walk = new RandomWalk(1);
        for (int i = 0; i < 6; i++)
        {
            walk.Begin(i);
            machines[i % 2].Run(program, walk);
            Assert.Null(machines[i % 2].Violation);
            Assert.Equal(2UL, sum.Peek);
        }
    }

    [Fact]
    public void Actor_WaitingForAMessageThatNobodySends_IsNoDeadlock()
    {
        ExplorationResult result = Explore(Host, stage => stage.Add(new Counter("a", stage.Machine.Memory.Allocate("sum", "sum")[0], awaitsMessages: true)), 1);
        Assert.Empty(result.Findings);
        Assert.True(result.IsComplete);
    }

    private static void LostUpdate(Stage stage)
    {
        Word sum = stage.Machine.Memory.Allocate("sum", "sum")[0];
        stage.Add(new Counter("a", sum), new Add(1));
        stage.Add(new Counter("b", sum), new Add(1));
        stage.CheckAtEnd(() =>
        {
            if (sum.Peek != 2)
            {
                stage.Machine.Report(new Violation("ExactSum", $"the sum is {sum.Peek}"), null);
            }
        });
    }

    private static ExplorationResult Explore(IExploringHost host, Action<Stage> build, int depth) => new Exploration(
        () => host.NewProgram(build), new ExplorationOptions { Strategy = "preemption-bounded", Depth = depth, Iterations = 100_000 }).Run();
}
