using Akka.Configuration;
using Akka.Dispatch;

namespace MmuStress.Hosts.Akka;

/// <summary>Makes the <see cref="ExploringDispatcher"/> that the configuration asks for.</summary>
/// <param name="config">The dispatcher's section.</param>
/// <param name="prerequisites">What Akka gives a dispatcher.</param>
public sealed class ExploringDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites) : MessageDispatcherConfigurator(config, prerequisites)
{
    private ExploringDispatcher? dispatcher;

    /// <inheritdoc/>
    public override MessageDispatcher Dispatcher() => dispatcher ??= new ExploringDispatcher(this);
}
