using System.Diagnostics;
using System.Threading;
using System.Threading.Channels;
using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Hosts;

/// <summary>Runs a stage's actors free: on real memory, on the thread pool, with channels as mailboxes, their scripts again and again.</summary>
/// <remarks>
/// A message is handled without giving the thread away; between messages an actor goes to the back of the pool's queue. When the time is
/// up nobody begins its script's next message, but messages that were sent are still handled, so that nobody is left waiting for an answer.
/// </remarks>
#pragma warning disable CA1001 // the token source has no timer and no wait handle, so there is nothing to dispose of
public sealed class FreeHost : ISoak
#pragma warning restore CA1001
{
    private static readonly TimeSpan DrainTime = TimeSpan.FromMilliseconds(400);

    private readonly NativeMachine machine;
    private readonly Stage stage;
    private readonly List<Seat> seats;
    private readonly NativeCpu endCpu;
    private readonly Stopwatch watch = new();
    private readonly CancellationTokenSource over = new();
    private readonly long rounds;
    private volatile bool isTimeUp;
    private int unfinished; // actors that have not gone through their script often enough
    private long sent; // messages that were sent and are not yet handled

    /// <summary>A host for one stage, which it runs once.</summary>
    /// <param name="build">Builds the stage.</param>
    /// <param name="wordsPerPage">How many 64-bit words a page has.</param>
    /// <param name="seed">What the choices of the environment depend on, apart from timing.</param>
    /// <param name="rounds">How often each actor goes through its script, when the time allows; the largest number for no limit.</param>
    public FreeHost(Action<Stage> build, int wordsPerPage = 512, ulong seed = 0, long rounds = long.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rounds);
        this.rounds = rounds;
        machine = new NativeMachine(srcuShards: 64, wordsPerPage, seed);
        stage = new Stage(machine);
        build(stage);
        seats = stage.Parts.Select(part => new Seat(part, machine.AddCpu(part.Actor.Name), new ChannelInbox(this))).ToList();
        endCpu = machine.AddCpu("end");
        unfinished = seats.Count(s => s.Part.Script.Length > 0);
    }

    /// <summary>How long after its time was up a message counts as one that never ends.</summary>
    public TimeSpan StuckTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public KvmStatistics? Statistics => stage.Statistics;

    /// <inheritdoc/>
    public SoakProgress Progress => new(
        watch.Elapsed,
        seats.Sum(s => Volatile.Read(ref s.Messages)),
        seats.Sum(s => s.Cpu.Accesses) + endCpu.Accesses,
        stage.Counters.Select(c => KeyValuePair.Create(c.Name, c.Read())).ToList(),
        machine.Violation,
        machine.Violator?.Name ?? "");

    /// <inheritdoc/>
    public async Task<SoakProgress> RunAsync(TimeSpan time, CancellationToken cancellation = default)
    {
        watch.Start();
        foreach (Seat seat in seats)
        {
            seat.Part.Actor.Inbox = seat.Inbox;
        }

        using var timeUp = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using CancellationTokenRegistration registration = timeUp.Token.Register(OnTimeUp);
        timeUp.CancelAfter(time);
        Task running = Task.WhenAll(seats.Select(seat => Task.Run(() => ActAsync(seat), CancellationToken.None)).ToArray());
        await EndAsync(running, timeUp.Token, cancellation).ConfigureAwait(false);
        if (!machine.IsStopping)
        {
            RunEpilogue();
        }

        watch.Stop();
        return Progress;
    }

    private static async Task<bool> EndsWithinAsync(Task running, TimeSpan time) =>
        await Task.WhenAny(running, Task.Delay(time, CancellationToken.None)).ConfigureAwait(false) == running;

    // Messages that beget messages for ever are cut off; who is still in the middle of one long after that waits for nobody.
    private async Task EndAsync(Task running, CancellationToken timeUp, CancellationToken cancellation)
    {
        await Task.WhenAny(running, Task.Delay(Timeout.InfiniteTimeSpan, timeUp)).ConfigureAwait(false); // the former when all rounds are done
        if (!await EndsWithinAsync(running, DrainTime).ConfigureAwait(false))
        {
            await over.CancelAsync().ConfigureAwait(false);
            if (!await EndsWithinAsync(running, cancellation.IsCancellationRequested ? DrainTime : StuckTime).ConfigureAwait(false))
            {
                if (!cancellation.IsCancellationRequested)
                {
                    string stuck = string.Join(", ", seats.Where(s => s.IsBusy).Select(s => s.Cpu.Name));
                    machine.Report(new Violation(MachineInvariants.NoDeadlock, $"{stuck}: still waiting {StuckTime.TotalSeconds} s after the time was up"), null);
                }

                machine.Stop();
            }
        }

        await running.ConfigureAwait(false);
    }

    private void OnTimeUp()
    {
        isTimeUp = true;
        EndIfQuiet();
    }

    // Once time is up no script goes on, so a seat seen idle stays so but for what was sent: the seats first, then the messages.
    private void EndIfQuiet()
    {
        Interlocked.MemoryBarrier(); // either this sees a busy seat, or its actor sees that time is up
        if (!seats.Exists(s => s.IsBusy) && Interlocked.Read(ref sent) == 0)
        {
            over.Cancel();
        }
    }

    private async Task ActAsync(Seat seat)
    {
        try
        {
            while (!machine.IsStopping && !over.IsCancellationRequested)
            {
                if (TryAct(seat))
                {
                    await Task.Yield();
                }
                else
                {
                    await seat.Inbox.WaitAsync(over.Token).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It is over.
        }
        catch (MachineStoppedException)
        {
            // Somebody else ended the run.
        }
        catch (Exception e)
        {
            seat.Cpu.Fail(MachineInvariants.NoException, $"{seat.Cpu.Name}: {e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}");
        }

        if (machine.IsStopping)
        {
            await over.CancelAsync().ConfigureAwait(false); // wakes those that wait for messages
        }
    }

    // Handles a message that was sent, else the script's next one; false where there is neither.
    private bool TryAct(Seat seat)
    {
        seat.IsBusy = true;
        Interlocked.MemoryBarrier();
        bool handled = true;
        if (seat.Inbox.TryTake(out Message? message))
        {
            Handle(seat, message);
            Interlocked.Decrement(ref sent);
        }
        else if (seat.Part.Script.Length > 0 && !isTimeUp && seat.Rounds < rounds)
        {
            Handle(seat, seat.Part.Script[seat.Next++]);
            if (seat.Next == seat.Part.Script.Length)
            {
                EndRound(seat);
            }
        }
        else
        {
            handled = false;
        }

        seat.IsBusy = false;
        Interlocked.MemoryBarrier();
        if (isTimeUp)
        {
            EndIfQuiet();
        }

        return handled;
    }

    private void EndRound(Seat seat)
    {
        seat.Next = 0;
        seat.Rounds++;
        if (seat.Rounds == rounds && Interlocked.Decrement(ref unfinished) == 0)
        {
            isTimeUp = true;
        }
    }

    private static void Handle(Seat seat, Message message)
    {
        seat.Part.Actor.Receive(seat.Cpu, message).GetResult();
        seat.Cpu.Held.AssertNone();
        Volatile.Write(ref seat.Messages, seat.Messages + 1);
    }

    private void RunEpilogue()
    {
        try
        {
            stage.Epilogue?.Invoke(endCpu).GetResult();
            foreach (Action check in stage.EndChecks)
            {
                check();
            }
        }
        catch (Exception e)
        {
            endCpu.Fail(MachineInvariants.NoException, $"{e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    // An actor with its CPU and its mailbox. Only its own thread writes to it.
    private sealed class Seat(Part part, NativeCpu cpu, ChannelInbox inbox)
    {
        public volatile bool IsBusy;
        public long Messages;

        public Part Part { get; } = part;

        public NativeCpu Cpu { get; } = cpu;

        public ChannelInbox Inbox { get; } = inbox;

        public int Next { get; set; }

        public long Rounds { get; set; }
    }

    private sealed class ChannelInbox(FreeHost host) : IInbox
    {
        private readonly Channel<Message> channel = Channel.CreateUnbounded<Message>(new UnboundedChannelOptions { SingleReader = true });

        public Coroutine Send(Cpu cpu, Message message)
        {
            Interlocked.Increment(ref host.sent);
            channel.Writer.TryWrite(message);
            return Coroutine.Completed;
        }

        public bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Message? message) => channel.Reader.TryRead(out message);

        public ValueTask<bool> WaitAsync(CancellationToken cancellation) => channel.Reader.WaitToReadAsync(cancellation);
    }
}
