using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Hosts.Akka.Tests;

// Time is the test's: nothing that is due happens before the test lets it.
public sealed class VmActorTests() : TestKit(Virtual)
{
    private const long Hour = 3_600_000;

    private static readonly Config Virtual = ConfigurationFactory
        .ParseString("""
            akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
            akka.test.single-expect-default = 60s
            """)
        .WithFallback(AkkaSettings.Defaults);

    private Word sum;

    private TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    [Fact]
    public void Run_OfAVm_IsAnsweredAndMakesActorsByName()
    {
        IActorRef vm = VmOf(stage => stage.Add(new Counter("vcpu3", sum), new Add(1)), number: 5);
        vm.Tell(new Vm.Run(5, 2, Hour, ""), TestActor);

        Assert.Equal(new Vm.Begun(5, 2, "here"), ExpectMsg<Vm.Begun>());
        Assert.Equal("/user/vm5/vcpu3", ActorAt(vm, "vcpu3").Path.ToStringWithoutAddress());
    }

    [Fact]
    public void Run_OfAnotherPlan_IsRefused()
    {
        IActorRef vm = VmOf(stage => stage.Add(new Counter("a", sum), new Add(1)));
        vm.Tell(new Vm.Run(0, 0, Hour, "something else"), TestActor);

        Assert.Equal(new Vm.Refused(0, "", "here"), ExpectMsg<Vm.Refused>());
    }

    [Fact]
    public void Run_AskedTwice_RunsOnce()
    {
        IActorRef vm = VmOf(stage => stage.Add(new Counter("a", sum), new Add(1)), rounds: 3);
        vm.Tell(new Vm.Run(0, 0, Hour, ""), TestActor);
        vm.Tell(new Vm.Run(0, 0, Hour, ""), TestActor);

        ExpectMsg<Vm.Begun>();
        Assert.Equal(3, FishForMessage<Vm.Ended>(_ => true).Tally.Messages);
        Assert.Equal(3UL, sum.Peek);
    }

    [Fact]
    public void Rounds_Done_EndTheVmWithTheEpilogueAndNoDeadLetter()
    {
        bool hasChecked = false;
        EventFilter.DeadLetter().Expect(0, () =>
        {
            IActorRef vm = VmOf(
                stage =>
                {
                    stage.Add(new Counter("a", sum), new Add(1), new Add(1));
                    stage.Count("sum", () => (long)sum.Peek);
                    stage.Finally(cpu => AddTen(cpu, sum));
                    stage.CheckAtEnd(() => hasChecked = true);
                },
                rounds: 4);
            Watch(vm);
            vm.Tell(new Vm.Run(0, 0, Hour, ""), TestActor);
            Vm.Ended ended = FishForMessage<Vm.Ended>(_ => true);

            Assert.Equal((8, 18), (ended.Tally.Messages, ended.Tally.Values[0]));
            Assert.True(ended.IsWhole);
            Assert.Null(ended.Violation);
            Assert.True(hasChecked);
            ExpectTerminated(vm);
        });
    }

    // Whoever is told last still adds: what was sent is handled before anyone is stopped.
    [Fact]
    public void TimeUp_WithMessagesUnderWay_HandlesThemAll()
    {
        IActorRef vm = VmOf(stage =>
        {
            var b = new Counter("b", sum, awaitsMessages: true);
            stage.Add(new Counter("a", sum), new Pass(b, 1));
            stage.Add(b);
        });
        vm.Tell(new Vm.Run(0, 0, Hour, ""), TestActor);
        ExpectMsg<Vm.Begun>();
        AwaitCondition(() => sum.Peek > 100);
        Clock.Advance(TimeSpan.FromHours(1));
        Vm.Ended ended = FishForMessage<Vm.Ended>(_ => true);

        Assert.Equal(2 * (long)sum.Peek, ended.Tally.Messages); // each was passed on once and added once
    }

    [Fact]
    public void Progress_IsToldWhenItIsDue()
    {
        IActorRef vm = VmOf(stage => stage.Add(new Counter("a", sum), new Add(1)));
        vm.Tell(new Vm.Run(0, 7, Hour, ""), TestActor);
        ExpectMsg<Vm.Begun>();
        Clock.Advance(TimeSpan.FromMilliseconds(249));
        ExpectNoMsg(TimeSpan.Zero);
        AwaitCondition(() => sum.Peek > 0);
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        Vm.Progress progress = ExpectMsg<Vm.Progress>();

        Assert.Equal(7, progress.Attempt);
        Assert.True(progress.Tally.Messages > 0);
    }

    // The other one waits for ever in the middle of a message, and is stopped all the same; nobody begins again.
    [Theory]
    [InlineData("rule", "NoBreach", "a rule is broken")]
    [InlineData("anything", MachineInvariants.NoException, "breaker: ArgumentException: breaker knows no Break")]
    public void Violation_StopsEverybodyAndIsReported(string what, string invariant, string message)
    {
        bool hasChecked = false;
        IActorRef vm = VmOf(stage =>
        {
            Word never = stage.Machine.Memory.Allocate("never", "never")[0];
            stage.Add(new Counter("stuck", sum), new Wait(never));
            stage.Add(new Counter("breaker", sum), new Add(1), new Break(what));
            stage.CheckAtEnd(() => hasChecked = true);
        });
        Watch(vm);
        vm.Tell(new Vm.Run(0, 0, Hour, ""), TestActor);
        Vm.Ended ended = FishForMessage<Vm.Ended>(_ => true);

        Assert.Equal((invariant, message, "breaker"), (ended.Violation?.Invariant, ended.Violation?.Message, ended.Violator));
        Assert.Equal(1UL, sum.Peek);
        Assert.False(hasChecked);
        ExpectTerminated(vm);
    }

    [Fact]
    public void Actor_StuckWhenTimeIsUp_IsADeadlockAndIsNamed()
    {
        IActorRef vm = VmOf(stage =>
        {
            Word never = stage.Machine.Memory.Allocate("never", "never")[0];
            stage.Add(new Counter("vcpu0", sum), new Add(1));
            stage.Add(new Counter("vcpu1", sum), new Wait(never));
        });
        vm.Tell(new Vm.Run(0, 0, 1, ""), TestActor);
        Vm.Ended? ended = null;
        AwaitAssert(() =>
        {
            Clock.Advance(TimeSpan.FromSeconds(1)); // each timer is set when the one before it has gone off
            ended = FishForMessage<Vm.Ended>(_ => true, TimeSpan.FromMilliseconds(50));
        });

        Assert.Equal(new Violation(MachineInvariants.NoDeadlock, "vcpu1: still waiting 10 s after the time was up"), ended!.Violation);
    }

    [Fact]
    public void End_Cancelled_WithAnActorStuck_IsNoFinding()
    {
        IActorRef vm = VmOf(stage =>
        {
            Word never = stage.Machine.Memory.Allocate("never", "never")[0];
            stage.Add(new Counter("vcpu1", sum), new Wait(never));
        });
        vm.Tell(new Vm.Run(0, 0, Hour, ""), TestActor);
        vm.Tell(new Vm.End(0, true), TestActor);
        Vm.Ended? ended = null;
        AwaitAssert(() =>
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            ended = FishForMessage<Vm.Ended>(_ => true, TimeSpan.FromMilliseconds(50));
        });

        Assert.Null(ended!.Violation);
    }

    [Fact]
    public void GiveUp_EndsTheVmAndSaysThatItIsNotWhole()
    {
        IActorRef vm = VmOf(stage => stage.Add(new Counter("a", sum), new Add(1)));
        vm.Tell(new Vm.Run(0, 0, Hour, ""), TestActor);
        ExpectMsg<Vm.Begun>();
        vm.Tell(VmActor.GiveUp.Instance, TestActor);

        Assert.False(FishForMessage<Vm.Ended>(_ => true).IsWhole);
    }

    [Fact]
    public void Handle_IsAnsweredByTheBehaviourThatHandledIt()
    {
        TestProbe asker = CreateTestProbe();
        IActorRef vm = VmOf(stage =>
        {
            stage.Add(new Counter("worker", sum), new Add(0));
            stage.Add(new Counter("b", sum, awaitsMessages: true));
        });
        vm.Tell(new Vm.Run(0, 0, Hour, ""), TestActor);
        ExpectMsg<Vm.Begun>();
        IActorRef b = ActorAt(vm, "b");
        b.Tell(new Behaviour.Handle(new Add(3)), asker);

        Assert.Equal(new Add(3), asker.ExpectMsg<Behaviour.Handled>().Message);
        Assert.Equal(b, asker.LastSender);
    }

    // The batch does not end in this test: the vCPU is interrupted in the middle of it, flushes, and goes on.
    [Fact]
    public void Flush_OfAVcpuInTheMiddleOfABatch_IsAcknowledged()
    {
        TestProbe asker = CreateTestProbe();
        Vcpu vcpu = null!;
        IActorRef vm = VmOf(stage =>
        {
            var mm = new HostMm(stage.Machine, 1);
            mm.Populate(Hva.OfPage(0), 7);
            var kvm = new Kvm(stage.Machine, mm, new KvmParameters(), MmuArchitectures.LoongArchMended);
            vcpu = kvm.CreateVcpu();
            Assert.Equal(0, kvm.SetMemoryRegion(stage.Machine.SetupCpu, UserspaceMemoryRegion.OfPages(0, 0, 1, 0)).GetResult());
            stage.Add(new VcpuActor("vcpu0", vcpu), new GuestAccesses(new Gfn(0), 1, int.MaxValue));
            stage.Add(new Flusher(kvm));
        });
        vm.Tell(new Vm.Run(0, 0, Hour, ""), TestActor);
        ExpectMsg<Vm.Begun>();
        IActorRef flusher = ActorAt(vm, "flusher");
        AwaitCondition(() => vcpu.Kvm.PeekLeaf(new Gfn(0)).Present);
        for (int i = 0; i < 100; i++)
        {
            flusher.Tell(new Behaviour.Handle(new Flush()), asker);
            asker.ExpectMsg<Behaviour.Handled>();
        }

        Clock.Advance(TimeSpan.FromMilliseconds(250));
        Vm.Progress progress = FishForMessage<Vm.Progress>(_ => true);
        Assert.Equal(100, progress.Tally.Messages); // the flusher's: the vCPU is still in its first
        vm.Tell(new Vm.End(0, true), TestActor);
    }

    private static async Coroutine AddTen(Cpu cpu, Word sum) => await cpu.AddReturn(sum, 10);

    private IActorRef ActorAt(IActorRef vm, string name) => Sys.ActorSelection(vm.Path / name).ResolveOne(TimeSpan.FromMinutes(1)).Result;

    private IActorRef VmOf(Action<Stage> build, int number = 0, long rounds = long.MaxValue)
    {
        var plan = new VmPlan(
            stage =>
            {
                sum = stage.Machine.Memory.Allocate("sum", "sum")[0];
                build(stage);
            },
            1,
            rounds);
        return Sys.ActorOf(VmActor.Of(plan, number, "here", VmTimes.Of(Sys.Settings.Config)), $"vm{number}");
    }

    private sealed record Flush : Message;

    private sealed class Flusher(Kvm kvm) : Actor("flusher")
    {
        public override bool AwaitsMessages => true;

        public override Coroutine Receive(Cpu cpu, Message message) => kvm.FlushRemoteTlbs(cpu);
    }
}
