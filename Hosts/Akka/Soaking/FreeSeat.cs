using System.Threading;
using Akka.Actor;
using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Hosts.Akka;

/// <summary>A behaviour on a real CPU: a message is handled to its end without giving the thread away.</summary>
/// <param name="vm">Its VM.</param>
/// <param name="part">The behaviour and its script.</param>
/// <param name="cpu">Its CPU.</param>
/// <param name="rounds">How often it goes through its script at most.</param>
internal sealed class FreeSeat(VirtualMachine vm, Part part, NativeCpu cpu, long rounds) : Seat, IInbox
{
    private static readonly Task<bool> True = Task.FromResult(true);
    private static readonly Task<bool> False = Task.FromResult(false);

    private long messages;
    private int next;
    private long roundsDone;
    private volatile bool isBusy;

    /// <inheritdoc/>
    public override string Name => part.Actor.Name;

    /// <summary>Its CPU.</summary>
    public NativeCpu Cpu => cpu;

    /// <summary>How many messages it has handled.</summary>
    public long Messages => Interlocked.Read(ref messages);

    /// <summary>Whether it is in the middle of a message.</summary>
    public bool IsBusy => isBusy;

    /// <summary>Its actor; set before anything runs.</summary>
    public IActorRef Actor { get; private set; } = ActorRefs.Nobody;

    /// <summary>Gives the behaviour its actor.</summary>
    /// <param name="actor">The actor.</param>
    public void Occupy(IActorRef actor)
    {
        Actor = actor;
        part.Actor.Inbox = this;
    }

    /// <inheritdoc/>
    public Coroutine Send(Cpu cpu, Message message)
    {
        vm.OnSent();
        Actor.Tell(message, ActorRefs.NoSender);
        return Coroutine.Completed;
    }

    /// <inheritdoc/>
    public override Task HandleAsync(Message message, bool wasSent)
    {
        Handle(message);
        if (wasSent)
        {
            vm.OnSentHandled();
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task<bool> HandleNextOfScriptAsync()
    {
        if (part.Script.Length == 0 || roundsDone == rounds)
        {
            return False;
        }

        Handle(part.Script[next++]);
        if (next == part.Script.Length)
        {
            next = 0;
            roundsDone++;
        }

        return True;
    }

    private void Handle(Message message)
    {
        isBusy = true;
        try
        {
            part.Actor.Receive(cpu, message).GetResult();
        }
        finally
        {
            isBusy = false;
        }

        cpu.Held.AssertNone();
        Volatile.Write(ref messages, messages + 1);
        if (vm.Machine.Violation is { } violation)
        {
            throw new ViolationException(violation);
        }
    }
}
