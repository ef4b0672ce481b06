using MmuStress.Actors;
using MmuStress.Explorer;

namespace MmuStress.Hosts;

/// <summary>The explorer's own host, which is what everything is explored in unless somebody asks for another.</summary>
public sealed class ExploringHost : IExploringHost
{
    /// <summary>What users and schedule files call it.</summary>
    public const string OwnName = "explored";

    private ExploringHost()
    {
    }

    /// <summary>The only one there is.</summary>
    public static ExploringHost Own { get; } = new();

    /// <inheritdoc/>
    public string Name => OwnName;

    /// <inheritdoc/>
    public IProgram NewProgram(Action<Stage> build) => new ExploredHost(build);
}
