using System.Threading;
using Akka.Actor;
using Akka.Dispatch;

namespace MmuStress.Hosts.Akka;

/// <summary>The actors that one worker of the explorer runs, all on its thread: a supervisor and the behaviours below it.</summary>
/// <remarks>What Akka does for itself (starting, resuming after an await, supervising) happens at once and in order; a behaviour's message is taken out when the explorer runs its CPU.</remarks>
internal sealed class Crew
{
    /// <summary>The dispatcher's path in the configuration.</summary>
    public const string Dispatcher = "mmu-stress.exploring";

    private const string MailboxKind = "mmu-stress.exploring-mailbox";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Queue<PermitQueue> toRun = new();
    private readonly Dictionary<string, IActorRef> actors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PermitQueue> queues = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource birth = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IActorRef supervisor;
    private PermitQueue? supervisorQueue;
    private PermitQueue? running;

    /// <summary>A crew in an actor system.</summary>
    /// <param name="system">The system.</param>
    public Crew(ActorSystem system)
    {
        Crews crews = Crews.Of(system);
        string name = crews.NewName();
        crews.Add(name, this);
        Props props = Props.Create(() => new CrewSupervisor(this)).WithDispatcher(Dispatcher).WithMailbox(MailboxKind);
        supervisor = system.ActorOf(props, name);

        // The guardian brings it to life on a thread of its own: it schedules the mailbox first, and only then passes messages to it at once.
        if (!birth.Task.Wait(Patience) || !SpinWait.SpinUntil(() => ((RepointableActorRef)supervisor).IsStarted, Patience))
        {
            throw new InvalidOperationException($"Akka did not start {supervisor.Path}");
        }

        Settle();
    }

    /// <summary>The actor of a behaviour, made where there is none, and its mailbox.</summary>
    /// <param name="seat">The behaviour's place.</param>
    /// <returns>Both.</returns>
    public (IActorRef Actor, PermitQueue Queue) ActorFor(ExploredSeat seat)
    {
        if (!actors.TryGetValue(seat.Name, out IActorRef? actor))
        {
            supervisor.Tell(new CrewSupervisor.Employ(BehaviourActor.Of(seat, Dispatcher).WithMailbox(MailboxKind), seat.Name), ActorRefs.NoSender);
            Settle();
            actor = actors[seat.Name];
        }

        return (actor, queues[seat.Name]);
    }

    /// <summary>Called by the supervisor with a new actor, or with null when one has stopped.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="actor">The actor.</param>
    public void Note(string name, IActorRef? actor)
    {
        if (actor is null)
        {
            actors.Remove(name);
        }
        else
        {
            actors[name] = actor;
        }
    }

    /// <summary>Has the actor's mailbox run and take one message out.</summary>
    /// <param name="queue">The mailbox's queue.</param>
    /// <exception cref="InvalidOperationException">There is no message.</exception>
    public void TakeOne(PermitQueue queue)
    {
        queue.Permits = 1;
        Run(queue);
        Settle();
        if (queue.Permits != 0)
        {
            throw new InvalidOperationException("a mailbox run took no message out");
        }
    }

    /// <summary>Runs what Akka has to do for itself until there is no more of it.</summary>
    public void Settle()
    {
        while (toRun.TryDequeue(out PermitQueue? queue))
        {
            Run(queue);
        }
    }

    /// <summary>Forgets the messages of a run that is over.</summary>
    public void Forget()
    {
        Settle();
        foreach (PermitQueue queue in queues.Values)
        {
            queue.Clear();
        }
    }

    /// <summary>Called by the dispatcher with a mailbox that has something to do.</summary>
    /// <param name="mailbox">The mailbox.</param>
    /// <param name="queue">Its queue.</param>
    public void OnScheduled(Mailbox mailbox, PermitQueue queue)
    {
        queue.Scheduled = mailbox;
        if (supervisorQueue is null)
        {
            supervisorQueue = queue; // from the guardian's thread
            queue.Permits = -1;
            toRun.Enqueue(queue);
            birth.SetResult();
        }
        else if (!ReferenceEquals(queue, running) || queue.Permits != 0)
        {
            toRun.Enqueue(queue); // and not where it has only messages without a permit left
        }
    }

    /// <summary>Called with the queue of a new actor.</summary>
    /// <param name="path">The actor.</param>
    /// <param name="queue">Its queue.</param>
    public void Add(ActorPath path, PermitQueue queue)
    {
        if (path.Elements.Count > 2) // not the supervisor's own
        {
            queues[path.Name] = queue;
        }
    }

    private void Run(PermitQueue queue)
    {
        if (queue.Scheduled is not { } mailbox)
        {
            return;
        }

        queue.Scheduled = null;
        PermitQueue? outer = running;
        running = queue;
        mailbox.Run();
        running = outer;
    }
}
