using Akka.Actor;

namespace MmuStress.Hosts.Akka;

/// <summary>The supervisor of explored behaviours: one that fails is stopped, never restarted, as what it threw ends the run.</summary>
internal sealed class CrewSupervisor : ReceiveActor
{
    /// <summary>A supervisor.</summary>
    /// <param name="crew">Whose.</param>
    public CrewSupervisor(Crew crew)
    {
        Receive<Employ>(employ => crew.Note(employ.Name, Context.Watch(Context.ActorOf(employ.Props, employ.Name))));
        Receive<Terminated>(gone => crew.Note(gone.ActorRef.Path.Name, null));
    }

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(maxNrOfRetries: 0, withinTimeMilliseconds: 0, _ => Directive.Stop, loggingEnabled: false);

    /// <summary>Make an actor.</summary>
    /// <param name="Props">How.</param>
    /// <param name="Name">Its name.</param>
    public sealed record Employ(Props Props, string Name);
}
