using Akka.Actor;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;

namespace MmuStress.Hosts.Akka;

/// <summary>A queue that gives a message out only where there is a permit for it: a mailbox run would take two even with a throughput of 1.</summary>
public sealed class PermitQueue : IMessageQueue
{
    private readonly Queue<Envelope> envelopes = new();

    internal PermitQueue(Crew crew) => Crew = crew;

    /// <inheritdoc/>
    public bool HasMessages => envelopes.Count > 0;

    /// <inheritdoc/>
    public int Count => envelopes.Count;

    /// <summary>Who runs the mailbox.</summary>
    internal Crew Crew { get; }

    /// <summary>How many messages may be taken out; negative for any number, as supervisors may.</summary>
    internal int Permits { get; set; }

    /// <summary>The mailbox, while it is scheduled; null while it is not.</summary>
    internal Mailbox? Scheduled { get; set; }

    /// <inheritdoc/>
    public void Enqueue(IActorRef receiver, Envelope envelope) => envelopes.Enqueue(envelope);

    /// <inheritdoc/>
    public bool TryDequeue(out Envelope envelope)
    {
        if (Permits == 0 || !envelopes.TryDequeue(out envelope))
        {
            envelope = default;
            return false;
        }

        Permits -= Permits > 0 ? 1 : 0;
        return true;
    }

    /// <inheritdoc/>
    public void CleanUp(IActorRef owner, IMessageQueue deadletters)
    {
        while (envelopes.TryDequeue(out Envelope envelope))
        {
            deadletters.Enqueue(owner, envelope);
        }
    }

    /// <summary>Forgets the messages of a run that is over.</summary>
    internal void Clear()
    {
        envelopes.Clear();
        Permits = Math.Min(Permits, 0);
    }
}
