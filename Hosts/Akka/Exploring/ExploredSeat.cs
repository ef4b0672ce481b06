using Akka.Actor;
using MmuStress.Actors;
using MmuStress.Explorer;
using MmuStress.Machine;

namespace MmuStress.Hosts.Akka;

/// <summary>A behaviour under the explorer. Its CPU has the actor's mailbox run; the actor begins to handle the message and awaits what the CPU then does step by step.</summary>
/// <remarks>
/// The steps are those of <see cref="ExploredHost"/>: the script is in the mailbox from the start, so taking it out is no step, and the place of a
/// message among those of other senders is decided by a word of the machine. So a schedule of one host fits the other.
/// </remarks>
/// <param name="crew">Who runs the mailbox.</param>
/// <param name="name">The behaviour's name.</param>
internal sealed class ExploredSeat(Crew crew, string name) : Seat, IInbox
{
    private ExploredMachine machine = null!;
    private Actor behaviour = null!;
    private int scripted;
    private Word? count;
    private IActorRef actor = ActorRefs.Nobody;
    private PermitQueue queue = null!;
    private Cpu cpu = null!;
    private Coroutine call;
    private Exception? thrown;
    private TaskCompletionSource? answer;

    /// <inheritdoc/>
    public override string Name => name;

    private Word Count => count ??= machine.Memory.Allocate($"mailbox of {name}", 1, BlockKind.Static)[0];

    /// <summary>Begins a run: makes the actor where there is none, and puts its script into its mailbox.</summary>
    /// <param name="on">The machine.</param>
    /// <param name="part">The behaviour and its script.</param>
    /// <param name="rounds">How often it goes through its script.</param>
    /// <returns>What its CPU runs.</returns>
    public Func<Cpu, Coroutine> Begin(ExploredMachine on, Part part, int rounds)
    {
        machine = on;
        behaviour = part.Actor;
        behaviour.Inbox = this;
        scripted = rounds * part.Script.Length;
        count = null;
        (actor, queue) = crew.ActorFor(this);
        for (int i = 0; i < scripted; i++)
        {
            actor.Tell(part.Script[i % part.Script.Length], ActorRefs.NoSender);
        }

        return RunAsync;
    }

    /// <summary>Lets the actor off a message of a run that has ended early.</summary>
    public void Abandon()
    {
        call = default;
        answer?.TrySetResult();
        answer = null;
    }

    /// <inheritdoc/>
    public async Coroutine Send(Cpu cpu, Message message)
    {
        await cpu.AddReturn(Count, 1);
        actor.Tell(message, ActorRefs.NoSender);
    }

    /// <inheritdoc/>
    public override Task HandleAsync(Message message, bool wasSent)
    {
        answer = new TaskCompletionSource();
        try
        {
            call = behaviour.Receive(cpu, message);
        }
        catch (Exception e) // of one that is no async method
        {
            thrown = e;
        }

        return answer.Task;
    }

    private async Coroutine RunAsync(Cpu onCpu)
    {
        cpu = onCpu;
        for (int i = 0; i < scripted; i++)
        {
            await HandleNextAsync();
        }

        while (behaviour.AwaitsMessages)
        {
            cpu.IsIdle = true;
            await cpu.Down(Count);
            cpu.IsIdle = false;
            await HandleNextAsync();
        }
    }

    private async Coroutine HandleNextAsync()
    {
        crew.TakeOne(queue);
        try
        {
            await FinishAsync();
            cpu.Held.AssertNone();
            machine.MadeProgress();
        }
        catch (Exception e) when (e is not ScheduleMismatchException)
        {
            answer!.SetException(e); // the supervisor stops the actor
            answer = null;
            crew.Settle();
            throw;
        }

        answer!.SetResult();
        answer = null;
        crew.Settle();
    }

    private Coroutine FinishAsync()
    {
        Exception? e = thrown;
        thrown = null;
        return e is null ? call : throw e;
    }
}
