using MmuStress.Hosts;

namespace MmuStress.Cli;

/// <summary>The hosts.</summary>
internal static partial class HostCatalog
{
    /// <summary>The host that soaks run in unless somebody asks for another.</summary>
    public const string Free = "free";

    /// <summary>The hosts that only a build with <c>-p:Hosts=all</c> has.</summary>
    public static IReadOnlyList<string> Optional { get; } = ["akka", "coyote"];

    /// <summary>The hosts of this build.</summary>
    public static IReadOnlyList<HostEntry> All { get; } = InThisBuild();

    private static List<HostEntry> InThisBuild()
    {
        List<HostEntry> hosts =
        [
            new(ExploringHost.OwnName, "the explorer's own") { Exploring = ExploringHost.Own },
            new(Free, "the thread pool, with channels as mailboxes") { Soaking = (run, options) => run.NewFreeHost(options.Seed, options.Rounds) },
        ];
        AddOptional(hosts);
        return hosts;
    }

    static partial void AddOptional(List<HostEntry> hosts);
}
