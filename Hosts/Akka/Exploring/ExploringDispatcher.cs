using Akka.Dispatch;

namespace MmuStress.Hosts.Akka;

/// <summary>Runs no mailbox by itself: one that has something to do is handed to the <see cref="Crew"/> of its actor, which runs it when the explorer says so.</summary>
internal sealed class ExploringDispatcher : MessageDispatcher
{
    /// <summary>A dispatcher.</summary>
    /// <param name="configurator">Who made it.</param>
    public ExploringDispatcher(MessageDispatcherConfigurator configurator)
        : base(configurator)
    {
        Throughput = 1;
        Id = "mmu-stress.exploring";
    }

    /// <inheritdoc/>
    protected override void ExecuteTask(IRunnable run)
    {
        if (run is Mailbox { MessageQueue: PermitQueue queue } mailbox)
        {
            queue.Crew.OnScheduled(mailbox, queue);
        }
        else
        {
            throw new InvalidOperationException("only actors with a mailbox of mmu-stress.exploring-mailbox can run here");
        }
    }

    /// <inheritdoc/>
    protected override void Shutdown()
    {
    }
}
