using System.Diagnostics;
using System.Threading;
using System.Threading.Channels;
using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Hosts;

/// <summary>Runs a stage's actors free: on real memory, on the thread pool, with channels as mailboxes, their scripts again and again.</summary>
/// <remarks>A message is handled without giving the thread away; between messages an actor goes to the back of the pool's queue.</remarks>
public sealed class FreeHost
{
    private readonly NativeMachine machine;
    private readonly Stage stage;
    private volatile NativeCpu[] cpus = [];
    private readonly Stopwatch watch = new();
    private long messages;

    /// <summary>A host for one stage.</summary>
    /// <param name="build">Builds the stage.</param>
    /// <param name="wordsPerPage">How many 64-bit words a page has.</param>
    public FreeHost(Action<Stage> build, int wordsPerPage = 512)
    {
        machine = new NativeMachine(srcuShards: 64, wordsPerPage);
        stage = new Stage(machine);
        build(stage);
    }

    /// <summary>How far it has come; may be asked at any time.</summary>
    public SoakProgress Progress => new(
        watch.Elapsed,
        Interlocked.Read(ref messages),
        cpus.Sum(c => c.Accesses),
        stage.Counters.Select(c => KeyValuePair.Create(c.Name, c.Read())).ToList(),
        machine.Violation,
        machine.Violator?.Name ?? "");

    /// <summary>Runs until <paramref name="time"/> has passed, a property is violated, or it is cancelled; then runs the epilogue and the checks of the end.</summary>
    /// <param name="time">For how long.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <returns>What was seen.</returns>
    public async Task<SoakProgress> RunAsync(TimeSpan time, CancellationToken cancellation = default)
    {
        watch.Start();
        using var timeUp = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeUp.CancelAfter(time);
        var running = new List<Task>();
        cpus = stage.Parts.Select(p => machine.AddCpu(p.Actor.Name)).ToArray();
        var mailboxes = stage.Parts.Select(_ => new ChannelInbox()).ToList();
        for (int i = 0; i < mailboxes.Count; i++)
        {
            stage.Parts[i].Actor.Inbox = mailboxes[i];
        }

        for (int i = 0; i < mailboxes.Count; i++)
        {
            (Part part, NativeCpu cpu, ChannelInbox mailbox) = (stage.Parts[i], cpus[i], mailboxes[i]);
            running.Add(Task.Run(() => ActAsync(part, cpu, mailbox, timeUp.Token), CancellationToken.None));
        }

        await Task.WhenAll(running.ToArray()).ConfigureAwait(false);
        if (machine.Violation is null)
        {
            RunEpilogue();
        }

        watch.Stop();
        return Progress;
    }

    private async Task ActAsync(Part part, NativeCpu cpu, ChannelInbox mailbox, CancellationToken timeUp)
    {
        try
        {
            int next = 0;
            while (!timeUp.IsCancellationRequested && !machine.IsStopping)
            {
                if (mailbox.TryTake(out Message? sent))
                {
                    Handle(part.Actor, cpu, sent);
                }
                else if (part.Script.Length > 0)
                {
                    Handle(part.Actor, cpu, part.Script[next]);
                    next = (next + 1) % part.Script.Length;
                }
                else
                {
                    await mailbox.WaitAsync(timeUp).ConfigureAwait(false);
                    continue;
                }

                await Task.Yield();
            }
        }
        catch (OperationCanceledException)
        {
            // Time is up.
        }
        catch (MachineStoppedException)
        {
            // Somebody else ended the run.
        }
        catch (Exception e)
        {
            cpu.Fail(MachineInvariants.NoException, $"{part.Actor.Name}: {e.GetType().Name}: {e.Message}");
        }
    }

    private void Handle(Actor actor, NativeCpu cpu, Message message)
    {
        actor.Receive(cpu, message).GetResult();
        cpu.Held.AssertNone();
        Interlocked.Increment(ref messages);
    }

    private void RunEpilogue()
    {
        NativeCpu cpu = machine.AddCpu("end");
        cpus = [.. cpus, cpu];
        try
        {
            stage.Epilogue?.Invoke(cpu).GetResult();
            foreach (Action check in stage.EndChecks)
            {
                check();
            }
        }
        catch (Exception e)
        {
            cpu.Fail(MachineInvariants.NoException, $"{e.GetType().Name}: {e.Message}");
        }
    }

    private sealed class ChannelInbox : IInbox
    {
        private readonly Channel<Message> channel = Channel.CreateUnbounded<Message>(new UnboundedChannelOptions { SingleReader = true });

        public Coroutine Send(Cpu cpu, Message message)
        {
            channel.Writer.TryWrite(message);
            return Coroutine.Completed;
        }

        public bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Message? message) => channel.Reader.TryRead(out message);

        public ValueTask<bool> WaitAsync(CancellationToken cancellation) => channel.Reader.WaitToReadAsync(cancellation);
    }
}
