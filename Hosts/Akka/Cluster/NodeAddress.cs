using System.Globalization;
using Akka.Actor;

namespace MmuStress.Hosts.Akka;

/// <summary>Where a node of a cluster listens.</summary>
/// <param name="Host">A name or an address.</param>
/// <param name="Port">The port; 0 for any that is free.</param>
public sealed record NodeAddress(string Host, int Port)
{
    /// <summary>The same as Akka writes it.</summary>
    public string Akka => string.Create(CultureInfo.InvariantCulture, $"akka.tcp://{AkkaSettings.SystemName}@{Host}:{Port}");

    /// <summary>Reads an address.</summary>
    /// <param name="text">"host:port".</param>
    /// <returns>The address.</returns>
    /// <exception cref="ArgumentException">It is none.</exception>
    public static NodeAddress Parse(string text)
    {
        int colon = text.LastIndexOf(':');
        return colon > 0 && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port <= 65535
            ? new NodeAddress(text[..colon], port)
            : throw new ArgumentException($"a node is HOST:PORT, not '{text}'");
    }

    /// <summary>A node's address for people.</summary>
    /// <param name="address">The same as Akka knows it.</param>
    /// <returns>"host:port".</returns>
    public static string Of(Address address) => string.Create(CultureInfo.InvariantCulture, $"{address.Host}:{address.Port}");

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");
}
