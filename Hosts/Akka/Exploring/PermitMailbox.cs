using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;

namespace MmuStress.Hosts.Akka;

/// <summary>The kind of mailbox that gives messages out one permit at a time.</summary>
/// <param name="settings">Akka's settings.</param>
/// <param name="config">The mailbox's section.</param>
public sealed class PermitMailbox(Settings settings, Config config) : MailboxType(settings, config), IProducesMessageQueue<PermitQueue>
{
    /// <inheritdoc/>
    public override IMessageQueue Create(IActorRef owner, ActorSystem system)
    {
        Crew crew = Crews.Of(system).Find(owner.Path);
        var queue = new PermitQueue(crew);
        crew.Add(owner.Path, queue);
        return queue;
    }
}
