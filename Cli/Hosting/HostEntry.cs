using MmuStress.Hosts;
using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary>What runs the actors, by the name that users give it.</summary>
/// <param name="Name">Its name: "free".</param>
/// <param name="Summary">What it is for, in a few words.</param>
internal sealed record HostEntry(string Name, string Summary)
{
    /// <summary>How scenarios are explored in it; null where they are not.</summary>
    public IExploringHost? Exploring { get; init; }

    /// <summary>Sets a soak up; null where it runs none. Throws <see cref="ArgumentException"/> where the scenario or the options do not fit.</summary>
    public Func<ScenarioRun, SoakOptions, ISoak>? Soaking { get; init; }

    /// <summary>The same host as a HOCON file configures it; null where none does. Throws <see cref="ArgumentException"/> where the file is none.</summary>
    public Func<string, HostEntry>? WithHocon { get; init; }
}
