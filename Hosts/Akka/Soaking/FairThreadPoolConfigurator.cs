using Akka.Configuration;
using Akka.Dispatch;

namespace MmuStress.Hosts.Akka;

/// <summary>Has mailboxes run on the thread pool in the order in which they got something to do.</summary>
/// <remarks>Akka's own thread-pool-executor prefers a thread's local queue, which is last in, first out: the same few actors run all the time.</remarks>
/// <param name="config">The dispatcher's section.</param>
/// <param name="prerequisites">What Akka gives a dispatcher.</param>
public sealed class FairThreadPoolConfigurator(Config config, IDispatcherPrerequisites prerequisites) : ExecutorServiceConfigurator(config, prerequisites)
{
    /// <inheritdoc/>
    public override ExecutorService Produce(string id) => new FairThreadPool(id);
}
