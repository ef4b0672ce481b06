using System.Threading;
using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Hosts.Tests;

public sealed class FreeHostTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task Run_UntilTimeIsUp_CountsExactly()
    {
        Word sum = default;
        var host = new FreeHost(stage =>
        {
            sum = stage.Machine.Memory.Allocate("sum", "sum")[0];
            for (int i = 0; i < 4; i++)
            {
                stage.Add(new Counter($"vcpu{i}", sum), new Add(1), new Add(1));
            }

            stage.Count("additions", () => (long)sum.Peek);
        });
        SoakProgress result = await RunAsync(host, Short);

        Assert.Null(result.Violation);
        Assert.True(result.Messages > 0);
        Assert.Equal((ulong)result.Messages, sum.Peek);
        Assert.Equal(result.Messages, result.Accesses); // one addition a message
        Assert.Equal([KeyValuePair.Create("additions", result.Messages)], result.Counters);
        Assert.True(result.Elapsed >= Short / 2, $"{result.Elapsed}");
    }

    [Fact]
    public async Task Run_OfAnActorThatAsks_GetsItsAnswers()
    {
        Word sum = default;
        var host = new FreeHost(stage =>
        {
            sum = stage.Machine.Memory.Allocate("sum", "sum")[0];
            var manager = new Counter("manager", sum, awaitsMessages: true);
            stage.Add(manager);
            stage.Add(new Counter("vcpu0", sum), new Ask(manager));
        });
        SoakProgress result = await RunAsync(host, Short);

        // Every question that was asked was answered, the one asked when the time was up too.
        Assert.Null(result.Violation);
        Assert.True(sum.Peek > 0);
        Assert.Equal(2 * (long)sum.Peek, result.Messages);
    }

    // Twenty times, since it is the end that may go wrong: who asked last must not be left waiting.
    [Fact]
    public async Task Run_EndedManyTimes_NeverLeavesAnyoneWaiting()
    {
        for (int i = 0; i < 20; i++)
        {
            Word sum = default;
            var host = new FreeHost(stage =>
            {
                sum = stage.Machine.Memory.Allocate("sum", "sum")[0];
                var last = new Counter("last", sum, awaitsMessages: true);
                stage.Add(last);
                stage.Add(new Counter("vcpu0", sum), new Ask(last));
                stage.Add(new Counter("vcpu1", sum), new Ask(last));
            });
            SoakProgress result = await RunAsync(host, TimeSpan.FromMilliseconds(5));

            Assert.Null(result.Violation);
            Assert.Equal(2 * (long)sum.Peek, result.Messages);
        }
    }

    // Nobody waits for these messages, and still none is dropped.
    [Fact]
    public async Task Run_EndedManyTimes_HandlesAllThatWasSent()
    {
        for (int i = 0; i < 50; i++)
        {
            Word sum = default;
            var host = new FreeHost(stage =>
            {
                sum = stage.Machine.Memory.Allocate("sum", "sum")[0];
                var manager = new Counter("manager", sum, awaitsMessages: true);
                stage.Add(manager);
                stage.Add(new Counter("vcpu0", sum), new Tell(manager));
            });
            SoakProgress result = await RunAsync(host, TimeSpan.FromMilliseconds(2));

            Assert.Equal(2 * (long)sum.Peek, result.Messages); // each was told once and added once
        }
    }

    // The others would run for an hour; one of them waits for messages that nobody sends, one for a lock that is never free.
    [Theory]
    [InlineData("rule", "NoBreach", "a rule is broken")]
    [InlineData("lock", MachineInvariants.LockDiscipline, "breaker ends and still holds mmu_lock")]
    [InlineData("anything", MachineInvariants.NoException, "breaker: ArgumentException: breaker knows no Break")]
    public async Task Run_WithAViolation_StopsAtOnce(string what, string invariant, string message)
    {
        bool hasEnded = false;
        var host = new FreeHost(stage =>
        {
            Block words = stage.Machine.Memory.Allocate("words", "sum", "begun", "never");
            stage.Add(new Counter("worker", words[0]), new Add(1));
            stage.Add(new Counter("idle", words[0], awaitsMessages: true));
            stage.Add(new Counter("stuck", words[0]), new Stuck(words[1], words[2]));
            stage.Add(new Counter("breaker", words[0]), new Add(1), new Add(1), new Break(what));
            stage.CheckAtEnd(() => hasEnded = true);
        });
        SoakProgress result = await RunAsync(host, Hour);

        Assert.Equal((invariant, message, "breaker"), (result.Violation?.Invariant, result.Violation?.Message, result.Violator));
        Assert.False(hasEnded);
    }

    [Fact]
    public async Task Run_Cancelled_StopsAtOnceAndRunsTheEnd()
    {
        bool hasEnded = false;
        using var cancellation = new CancellationTokenSource();
        Word sum = default;
        var host = new FreeHost(stage =>
        {
            sum = stage.Machine.Memory.Allocate("sum", "sum")[0];
            stage.Add(new Canceller(cancellation, null), new Add(1));
            stage.Add(new Counter("idle", sum, awaitsMessages: true));
            stage.Finally(cpu => AddFive(cpu, sum));
            stage.CheckAtEnd(() => hasEnded = true);
        });
        SoakProgress result = await RunAsync(host, Hour, cancellation.Token);

        Assert.Null(result.Violation);
        Assert.True(hasEnded);
        Assert.Equal(5UL, sum.Peek);
        Assert.InRange(result.Messages, 100, long.MaxValue);
    }

    // Somebody waits for ever, as after a lost wakeup: the run ends all the same, without the checks of the end.
    [Fact]
    public async Task Run_CancelledWithSomebodyStuck_StopsAllTheSame()
    {
        bool hasEnded = false;
        using var cancellation = new CancellationTokenSource();
        var host = new FreeHost(stage =>
        {
            Block words = stage.Machine.Memory.Allocate("words", "sum", "begun", "never");
            stage.Add(new Canceller(cancellation, words[1]), new Add(1));
            stage.Add(new Counter("stuck", words[0]), new Stuck(words[1], words[2]));
            stage.CheckAtEnd(() => hasEnded = true);
        });
        SoakProgress result = await RunAsync(host, Hour, cancellation.Token);

        Assert.Null(result.Violation);
        Assert.False(hasEnded);
    }

    // Without anybody cancelling, a wait that goes on long after the time was up is a finding.
    [Fact]
    public async Task Run_WithSomebodyStuckWhenTimeIsUp_IsADeadlock()
    {
        var host = new FreeHost(stage =>
        {
            Block words = stage.Machine.Memory.Allocate("words", "sum", "begun", "never");
            stage.Add(new Counter("vcpu0", words[0]), new Add(1));
            stage.Add(new Counter("vcpu1", words[0]), new Stuck(words[1], words[2]));
        })
        { StuckTime = TimeSpan.FromMilliseconds(500) };
        SoakProgress result = await RunAsync(host, TimeSpan.FromSeconds(1));

        Assert.Equal(new Violation(MachineInvariants.NoDeadlock, "vcpu1: still waiting 0.5 s after the time was up"), result.Violation);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Checks_OfTheEnd_AreReported(bool throws)
    {
        var host = new FreeHost(stage =>
        {
            Word sum = stage.Machine.Memory.Allocate("sum", "sum")[0];
            stage.Add(new Counter("vcpu0", sum), new Add(1));
            stage.Finally(cpu => AddFive(cpu, sum));
            stage.CheckAtEnd(() =>
            {
                if (throws)
                {
                    throw new InvalidOperationException("no such sum");
                }

                stage.Machine.Report(new Violation("EvenSum", "the sum is odd"), null);
            });
        });
        SoakProgress result = await RunAsync(host, TimeSpan.FromMilliseconds(5));

        Assert.Equal(throws ? MachineInvariants.NoException : "EvenSum", result.Violation?.Invariant);
        Assert.Equal(throws ? "InvalidOperationException: no such sum" : "the sum is odd", result.Violation?.Message);
        Assert.Equal(throws ? "end" : "", result.Violator);
    }

    [Fact]
    public async Task Progress_WhileRunning_CanBeAskedAndGrows()
    {
        using var cancellation = new CancellationTokenSource();
        var host = new FreeHost(stage =>
        {
            Word sum = stage.Machine.Memory.Allocate("sum", "sum")[0];
            stage.Add(new Counter("vcpu0", sum), new Add(1));
            stage.Add(new Counter("vcpu1", sum), new Add(1));
        });
        Assert.Equal(0, host.Progress.Messages);
        Task<SoakProgress> running = RunAsync(host, Hour, cancellation.Token);
        long seen = 0;
        while (seen < 1_000)
        {
            long now = host.Progress.Messages;
            Assert.True(now >= seen);
            seen = now;
            await Task.Yield();
        }

        await cancellation.CancelAsync();
        Assert.True((await running).Messages >= seen);
    }

    [Fact]
    public async Task Run_OfAnEmptyStage_Ends()
    {
        SoakProgress result = await RunAsync(new FreeHost(_ => { }), TimeSpan.FromMilliseconds(5));

        Assert.Equal((0, 0), (result.Messages, result.Accesses));
    }

    private static async Task<SoakProgress> RunAsync(FreeHost host, TimeSpan time, CancellationToken cancellation = default) =>
        await host.RunAsync(time, cancellation).WaitAsync(Patience, CancellationToken.None);

    private static async Coroutine AddFive(Cpu cpu, Word sum) => await cpu.AddReturn(sum, 5);

    /// <summary>Cancels with its hundredth message, or a later one when the other has begun.</summary>
    private sealed class Canceller(CancellationTokenSource cancellation, Word? begun) : Actor("canceller")
    {
        private int handled;

        public override Coroutine Receive(Cpu cpu, Message message)
        {
            if (++handled >= 100 && begun is not { Peek: 0 })
            {
                cancellation.Cancel();
            }

            return Coroutine.Completed;
        }
    }
}
