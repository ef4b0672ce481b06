using System.Threading;
using Akka.Dispatch;

namespace MmuStress.Hosts.Akka;

/// <summary>The thread pool, first in, first out.</summary>
/// <param name="id">The dispatcher's path.</param>
internal sealed class FairThreadPool(string id) : ExecutorService(id)
{
    /// <inheritdoc/>
    public override void Execute(IRunnable run) => ThreadPool.UnsafeQueueUserWorkItem(run, preferLocal: false);

    /// <inheritdoc/>
    public override void Shutdown()
    {
    }
}
