using Akka.Configuration;
using MmuStress.Hosts;
using MmuStress.Hosts.Akka;
using MmuStress.Scenarios;

namespace MmuStress.Cli;

// Compiled with -p:Hosts=all only, and the only file of the command line that names the optional hosts' assemblies.
internal static partial class HostCatalog
{
    static partial void AddOptional(List<HostEntry> hosts) => hosts.Add(Akka(null));

    private static HostEntry Akka(string? hocon)
    {
        var config = AkkaSettings.Read(hocon);
        return new HostEntry(AkkaSettings.HostName, "Akka.NET: each behaviour an actor of its own")
        {
            Exploring = new AkkaExploringHost(config),
            Soaking = (run, options) => Soak(run, options, config),
            WithHocon = Akka,
        };
    }

    private static ISoak Soak(ScenarioRun run, SoakOptions options, Config config)
    {
        string parameters = string.Join(' ', run.Parameters.ToDictionary().OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value}"));
        string text = $"{run.Scenario.Name} {run.Mmu} {parameters} vms={options.Vms} seed={options.Seed} rounds={options.Rounds}";
        var plan = new VmPlan(run.Build, options.Seed, options.Rounds, text);
        return options.Cluster is { } seeds
            ? new ClusterSoak(plan, options.Vms, config, ClusterPlan.Parse(seeds, options.Listen, options.Nodes))
            : new AkkaSoak(plan, options.Vms, config);
    }
}
