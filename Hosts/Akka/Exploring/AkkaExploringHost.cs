using Akka.Actor;
using Akka.Configuration;
using MmuStress.Actors;
using MmuStress.Explorer;

namespace MmuStress.Hosts.Akka;

/// <summary>Explores with real Akka actors: mailboxes, awaits and supervision are Akka's, and the explorer decides whose mailbox runs and each step inside.</summary>
/// <param name="config">The configuration.</param>
public sealed class AkkaExploringHost(Config config) : IExploringHost
{
    // One for all workers, as making one takes longer than many runs; it ends with the process.
    private readonly Lazy<ActorSystem> system = new(() => ActorSystem.Create(AkkaSettings.SystemName, config));

    /// <inheritdoc/>
    public string Name => AkkaSettings.HostName;

    /// <inheritdoc/>
    public IProgram NewProgram(Action<Stage> build) => new AkkaProgram(build, new Crew(system.Value));
}
