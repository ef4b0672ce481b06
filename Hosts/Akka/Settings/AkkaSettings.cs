using System.Reflection;
using Akka.Configuration;

namespace MmuStress.Hosts.Akka;

/// <summary>The configuration of the Akka.NET host: what a user gives before what the host sets before Akka's own.</summary>
public static class AkkaSettings
{
    /// <summary>What users and schedule files call the host.</summary>
    public const string HostName = "akka";

    /// <summary>The name of the actor systems.</summary>
    public const string SystemName = "mmu-stress";

    private static readonly TimeSpan ParseTime = TimeSpan.FromSeconds(5);

    /// <summary>What the host sets.</summary>
    public static Config Defaults { get; } = ConfigurationFactory.FromResource("akka.conf", Assembly.GetExecutingAssembly());

    /// <summary>Reads a HOCON file.</summary>
    /// <param name="path">The file; null for none.</param>
    /// <returns>The configuration, complete but for Akka's own defaults.</returns>
    /// <exception cref="ArgumentException">The file cannot be read, or is no HOCON.</exception>
    public static Config Read(string? path)
    {
        if (path is null)
        {
            return Defaults;
        }

        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArgumentException($"{path}: it cannot be read: {e.Message}", e);
        }

        if (HoconBrackets.Problem(text) is { } problem)
        {
            throw new ArgumentException($"{path}: it is no HOCON: {problem}");
        }

        return Parse(path, text).WithFallback(Defaults);
    }

    // Akka's parser does not end with some texts that are no HOCON.
    private static Config Parse(string path, string text)
    {
        Task<Config> parsing = Task.Run(() => ConfigurationFactory.ParseString(text));
        try
        {
            return parsing.Wait(ParseTime) ? parsing.Result : throw new ArgumentException($"{path}: it is no HOCON: the parser does not end");
        }
        catch (AggregateException e)
        {
            throw new ArgumentException($"{path}: it is no HOCON: {e.InnerException!.Message}", e);
        }
    }
}
