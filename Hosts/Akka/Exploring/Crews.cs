using System.Collections.Concurrent;
using Akka.Actor;

namespace MmuStress.Hosts.Akka;

/// <summary>The crews of an actor system, by the name of their supervisor: /user/vm0 and what is below it belong to crew vm0.</summary>
internal sealed class Crews : IExtension
{
    private readonly ConcurrentDictionary<string, Crew> byName = new(StringComparer.Ordinal);
    private int count;

    /// <summary>The crews of a system.</summary>
    /// <param name="system">The system.</param>
    /// <returns>The crews.</returns>
    public static Crews Of(ActorSystem system) => system.WithExtension<Crews, Provider>();

    /// <summary>A name that no crew has.</summary>
    /// <returns>"vm0", then "vm1".</returns>
    public string NewName() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"vm{System.Threading.Interlocked.Increment(ref count) - 1}");

    /// <summary>Adds a crew before its actors are made.</summary>
    /// <param name="name">Its supervisor's name.</param>
    /// <param name="crew">The crew.</param>
    public void Add(string name, Crew crew) => byName[name] = crew;

    /// <summary>The crew of an actor.</summary>
    /// <param name="path">The actor's path.</param>
    /// <returns>The crew.</returns>
    public Crew Find(ActorPath path) => byName[path.Elements[1]];

    private sealed class Provider : ExtensionIdProvider<Crews>
    {
        public override Crews CreateExtension(ExtendedActorSystem system) => new();
    }
}
