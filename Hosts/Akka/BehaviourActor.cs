using Akka.Actor;
using MmuStress.Actors;

namespace MmuStress.Hosts.Akka;

/// <summary>The Akka actor for every behaviour: a vCPU, the host's memory management, the memslot manager.</summary>
/// <remarks>
/// A message that cannot be handled, or after which a property does not hold, fails the actor: its supervisor reports that and stops it.
/// Its script is a message to itself at a time, behind what others have sent meanwhile.
/// </remarks>
internal sealed class BehaviourActor : ReceiveActor
{
    private readonly Seat seat;
    private bool mustEnd;
    private bool hasEnded;

    /// <summary>An actor for a behaviour.</summary>
    /// <param name="seat">The behaviour's place in the host.</param>
    public BehaviourActor(Seat seat)
    {
        this.seat = seat;
        ReceiveAsync<Message>(message => seat.HandleAsync(message, wasSent: true));
        ReceiveAsync<Behaviour.Handle>(HandleAsync);
        ReceiveAsync<Behaviour.GoOn>(GoOnAsync);
        Receive<Behaviour.EndScript>(_ => mustEnd = true);
    }

    /// <summary>How to make one.</summary>
    /// <param name="seat">The behaviour's place in the host.</param>
    /// <param name="dispatcher">The dispatcher's path in the configuration.</param>
    /// <returns>The Props.</returns>
    public static Props Of(Seat seat, string dispatcher) => Props.Create(() => new BehaviourActor(seat)).WithDispatcher(dispatcher);

    private async Task HandleAsync(Behaviour.Handle request)
    {
        IActorRef asker = Sender;
        await seat.HandleAsync(request.Message, wasSent: false);
        asker.Tell(new Behaviour.Handled(request.Message), Self);
    }

    private async Task GoOnAsync(Behaviour.GoOn goOn)
    {
        IActorRef self = Self;
        IActorRef supervisor = Context.Parent;
        if (!mustEnd && await seat.HandleNextOfScriptAsync())
        {
            self.Tell(goOn, self);
        }
        else if (!hasEnded)
        {
            hasEnded = true;
            supervisor.Tell(Behaviour.ScriptEnded.Instance, self);
        }
    }
}
