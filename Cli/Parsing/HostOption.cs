using System.CommandLine;

namespace MmuStress.Cli;

/// <summary>The option that says what runs the actors.</summary>
/// <param name="fallback">The host where none is named.</param>
/// <param name="fits">Whether a host does what the verb needs.</param>
internal sealed class HostOption(string fallback, Func<HostEntry, bool> fits)
{
    private readonly Option<string?> host = new("--host")
    {
        HelpName = "HOST",
        Description = $"what runs the actors: {fallback}, {string.Join(", ", HostCatalog.Optional)} (default: {fallback})",
    };

    private readonly Option<string?> hocon = new("--hocon") { HelpName = "FILE", Description = "configuration of host akka, before the host's own and Akka's defaults" };

    /// <summary>Offers the options.</summary>
    /// <param name="command">The verb.</param>
    public void AddTo(Command command)
    {
        command.Add(host);
        command.Add(hocon);
    }

    /// <summary>The host that was asked for.</summary>
    /// <param name="parsed">What was typed.</param>
    /// <param name="surroundings">What it runs in.</param>
    /// <returns>The host.</returns>
    /// <exception cref="UsageException">There is none of that name in this build, or it cannot do what the verb needs.</exception>
    public HostEntry Read(ParseResult parsed, Surroundings surroundings)
    {
        HostEntry found = Find(parsed.GetValue(host) ?? fallback, surroundings);
        return fits(found)
            ? Configured(found, parsed.GetValue(hocon))
            : throw new UsageException($"{parsed.CommandResult.Command.Name} does not run in host {found.Name}, only in {string.Join(", ", surroundings.Hosts.Where(fits).Select(h => h.Name))}");
    }

    /// <summary>The host called <paramref name="name"/>.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="surroundings">What there is.</param>
    /// <returns>The host.</returns>
    /// <exception cref="UsageException">There is none of that name in this build.</exception>
    public static HostEntry Find(string name, Surroundings surroundings)
    {
        if (surroundings.Hosts.FirstOrDefault(h => string.Equals(h.Name, name, StringComparison.Ordinal)) is { } found)
        {
            return found;
        }

        Lookup.Require(name, surroundings.Hosts.Select(h => h.Name).Union(HostCatalog.Optional, StringComparer.Ordinal), "host", $"there are {string.Join(", ", surroundings.Hosts.Select(h => h.Name))}");
        throw new UsageException($"host {name} is not in this build; build with -p:Hosts=all");
    }

    private static HostEntry Configured(HostEntry host, string? file)
    {
        if (file is null)
        {
            return host;
        }

        try
        {
            return host.WithHocon is { } configure ? configure(file) : throw new UsageException($"--hocon does not go with host {host.Name}");
        }
        catch (ArgumentException e)
        {
            throw new UsageException(e.Message);
        }
    }
}
