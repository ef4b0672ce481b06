using MmuStress.Hosts;
using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary>The hosts.</summary>
internal static partial class HostCatalog
{
    /// <summary>The host that soaks run in unless somebody asks for another.</summary>
    public const string Free = "free";

    /// <summary>The hosts that only a build with <c>-p:Hosts=all</c> has.</summary>
    public static IReadOnlyList<string> Optional { get; } = ["akka"];

    /// <summary>The hosts of this build.</summary>
    public static IReadOnlyList<HostEntry> All { get; } = InThisBuild();

    private static List<HostEntry> InThisBuild()
    {
        List<HostEntry> hosts =
        [
            new(ExploringHost.OwnName, "the explorer's own") { Exploring = ExploringHost.Own },
            new(Free, "the thread pool, with channels as mailboxes") { Soaking = OneVm },
        ];
        AddOptional(hosts);
        return hosts;
    }

    private static FreeHost OneVm(ScenarioRun run, SoakOptions options) => options is { Vms: 1, Cluster: null }
        ? run.NewFreeHost(options.Seed, options.Rounds)
        : throw new ArgumentException("host free runs one VM in one process: --vms and --cluster go with --host akka");

    static partial void AddOptional(List<HostEntry> hosts);
}
