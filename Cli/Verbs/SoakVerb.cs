using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Threading;
using MmuStress.Hosts;
using MmuStress.Machine;
using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary><c>soak</c>: free-running actors on every core, with the properties looked at all the time.</summary>
internal static class SoakVerb
{
    private const int PollMilliseconds = 50;
    private const int MostVms = 100_000;

    private static readonly TimeSpan DefaultTime = TimeSpan.FromSeconds(10);

    /// <summary>The verb.</summary>
    /// <param name="surroundings">What it runs in.</param>
    /// <returns>Its command.</returns>
    public static Command Create(Surroundings surroundings)
    {
        var name = new Argument<string>("SCENARIO") { Description = "a scenario, or a scenario file (*.scenario.json)" };
        var scenario = new ScenarioOptions();
        var time = new Option<string?>("--time") { HelpName = "TIME", Description = "for how long: 30s, 5m, 1h (default: 10s; with -i no limit)" };
        var rounds = new Option<string?>("-i") { HelpName = "N", Description = "how often each actor goes through its script at most (default: no limit)" };
        var seed = new Option<string?>("-r") { HelpName = "SEED", Description = "seed of the environment's choices; timing still differs (default: 1)" };
        var vms = new Option<string?>("--vms") { HelpName = "N", Description = "how many VMs, each with memory and actors of its own, where the host runs several (default: 1)" };
        var cluster = new Option<string?>("--cluster") { HelpName = "SEEDS", Description = "runs the VMs on a cluster: its seed nodes, HOST:PORT,..., the first of which reports; with --host akka" };
        var listen = new Option<string?>("--listen") { HelpName = "HOST:PORT", Description = "where this node of the cluster listens (default: a free port of the first seed's host)" };
        var nodes = new Option<string?>("--nodes") { HelpName = "N", Description = "how many nodes there must be before the VMs begin (default: as many as there are seeds)" };
        var stats = new Option<string?>("--stats") { HelpName = "FILE", Description = "writes statistics in KVM's binary format, once a second and in the end: FILE for the VM, FILE.vcpuN for vCPU N; 'stats FILE' prints one" };
        var host = new HostOption(HostCatalog.Free, h => h.Soaking is not null);
        var outputs = new OutputOptions(hasFolder: false, hasJUnit: true);
        var command = new Command("soak", "free-running actors at scale, invariants on") { name };
        scenario.AddTo(command);
        command.Add(rounds);
        command.Add(seed);
        command.Add(time);
        command.Add(vms);
        command.Add(cluster);
        command.Add(listen);
        command.Add(nodes);
        command.Add(stats);
        host.AddTo(command);
        outputs.AddTo(command);
        command.SetAction(parsed =>
        {
            ScenarioRun run = scenario.Read(parsed, parsed.GetRequiredValue(name), surroundings);
            if (!string.Equals(run.Memory, MemoryModelList.Default, StringComparison.Ordinal))
            {
                throw new UsageException("a soak runs on this machine's own memory: --memory is for exploring");
            }

            long most = parsed.GetValue(rounds) is { } i ? Values.Number(i, "-i", 1, long.MaxValue - 1) : long.MaxValue;
            ulong start = parsed.GetValue(seed) is { } r ? Values.Number(r, "-r", 0UL, ulong.MaxValue) : 1;
            TimeSpan limit = parsed.GetValue(time) is { } t ? Values.Time(t, "--time") : most == long.MaxValue ? DefaultTime : TimeSpan.FromDays(1);
            int count = parsed.GetValue(vms) is { } n ? Values.Number(n, "--vms", 1, MostVms) : 1;
            int? atLeast = parsed.GetValue(nodes) is { } m ? Values.Number(m, "--nodes", 1, MostVms) : null;
            HostEntry entry = host.Read(parsed, surroundings);
            ISoak soak = Start(run, entry, new SoakOptions(start, most) { Vms = count, Cluster = parsed.GetValue(cluster), Listen = parsed.GetValue(listen), Nodes = atLeast });
            return Run(soak, WriterOf(soak, parsed.GetValue(stats), entry, run, surroundings), run, limit, outputs.Read(parsed), surroundings);
        });
        return command;
    }

    private static StatisticsWriter? WriterOf(ISoak soak, string? path, HostEntry entry, ScenarioRun run, Surroundings surroundings)
    {
        if (path is null)
        {
            return null;
        }

        Writable.RequireFile(path, "--stats");
        return soak.Statistics is { } statistics ? new StatisticsWriter(path, statistics, surroundings.StatisticsInterval)
            : string.Equals(entry.Name, HostCatalog.Free, StringComparison.Ordinal) ? throw new UsageException($"--stats: scenario {run.Scenario.Name} has no VM that is counted")
            : throw new UsageException($"--stats goes with --host {HostCatalog.Free}, not with {entry.Name}");
    }

    private static int Run(ISoak host, StatisticsWriter? statistics, ScenarioRun run, TimeSpan limit, Outputs outputs, Surroundings surroundings)
    {
        SoakProgress result = ProgressMeter.Show(surroundings, outputs.ShowsProgress, Snapshot, () => Soak(host, statistics, limit, surroundings));
        statistics?.Write();
        if (outputs.Json)
        {
            JsonObject json = Json(run, result);
            if (result.DeadLetters is { } lost)
            {
                json["messages"] = result.Messages;
                json["deadLetters"] = lost;
            }

            if (result.Cluster is { } cluster)
            {
                json["vms"] = cluster.Vms;
                json["vmsEnded"] = cluster.Ended;
                json["restarts"] = cluster.Restarts;
                json["nodes"] = new JsonArray(cluster.Nodes.Select(n => (JsonNode?)new JsonObject
                {
                    ["address"] = n.Address,
                    ["state"] = n.State,
                    ["vmsEnded"] = n.Ended,
                    ["vmsMoved"] = n.Moved,
                }).ToArray());
            }

            ResultJson.Print(json, surroundings.Out);
        }
        else
        {
            surroundings.Out.Write(Text(run, result, surroundings.IsInterrupted));
        }

        if (outputs.JUnit is not null)
        {
            string? failure = result.Violation is { } v ? $"{v.Invariant}: {v.Message}" : null;
            string mmu = run.Mmu.Length == 0 ? run.Scenario.Name : run.Mmu;
            JUnitReport.Write(outputs.JUnit, $"soak {run.Scenario.Name}", [new JUnitCase(run.Scenario.Name, mmu, result.Elapsed.TotalSeconds, failure, Text(run, result, isInterrupted: false))]);
        }

        if (statistics?.Refusal is { } refusal)
        {
            surroundings.Error.Write($"mmu-stress: --stats: {refusal}\n");
        }

        return surroundings.IsInterrupted ? ExitCode.Interrupted
            : result.Violation is not null ? ExitCode.Violated
            : statistics?.Refusal is not null ? ExitCode.Usage
            : IsWhole(result) ? ExitCode.Held : ExitCode.Undecided;

        ProgressSnapshot Snapshot()
        {
            SoakProgress now = host.Progress;
            return new ProgressSnapshot($"soak {run.Scenario.Name}", "accesses", now.Accesses, null, now.Elapsed.TotalSeconds, limit, now.Violation is null ? 0 : 1);
        }
    }

    private static ISoak Start(ScenarioRun run, HostEntry entry, SoakOptions options)
    {
        try
        {
            return entry.Soaking!(run, options);
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"scenario {run.Scenario.Name} cannot be soaked like that: {Values.WithoutParameter(e)}");
        }
    }

    // Actors that spin for ever do not see that the time is up: the wait for them is limited too.
    private static SoakProgress Soak(ISoak host, StatisticsWriter? statistics, TimeSpan limit, Surroundings surroundings)
    {
        Task<SoakProgress> soak = Task.Run(() => host.RunAsync(limit, surroundings.Cancellation), CancellationToken.None);
        Stopwatch? sinceStop = null;
        while (!((IAsyncResult)soak).AsyncWaitHandle.WaitOne(PollMilliseconds))
        {
            statistics?.WriteNowAndThen();
            SoakProgress now = host.Progress;
            if (surroundings.IsInterrupted || now.Elapsed >= limit || now.Violation is not null)
            {
                sinceStop ??= Stopwatch.StartNew();
            }

            TimeSpan patience = surroundings.IsInterrupted ? surroundings.TimeToStopNow : surroundings.TimeToStop + host.Slack;
            if (sinceStop is not null && sinceStop.Elapsed >= patience)
            {
                bool isStuck = now.Violation is null && !surroundings.IsInterrupted;
                var stuck = new Violation(MachineInvariants.NoDeadlock, $"actors still ran {Quantity.Time(patience.TotalSeconds)} after the time was up");
                return isStuck ? now with { Violation = stuck } : now;
            }
        }

        try
        {
            return soak.GetAwaiter().GetResult();
        }
        catch (HostUnavailableException e)
        {
            throw new UsageException(e.Message);
        }
    }

    private static JsonObject Json(ScenarioRun run, SoakProgress result) => new()
    {
        ["command"] = "soak",
        ["scenario"] = run.Scenario.Name,
        ["mmu"] = run.Mmu,
        ["vcpus"] = run.Parameters.Vcpus,
        ["memory"] = run.Memory,
        ["seconds"] = ResultJson.Seconds(result.Elapsed.TotalSeconds),
        ["accesses"] = result.Accesses,
        ["faults"] = Counter(result, "faults"),
        ["retries"] = Counter(result, "retries"),
        ["flushes"] = Counter(result, "flushes"),
        ["locksElided"] = Counter(result, "locks elided"),
        ["violations"] = result.Violation is null ? [] : new JsonArray(ResultJson.Violation(result.Violation)),
    };

    private static long Counter(SoakProgress result, string name) =>
        result.Counters.Where(c => string.Equals(c.Key, name, StringComparison.Ordinal)).Sum(c => c.Value);

    private static string Text(ScenarioRun run, SoakProgress result, bool isInterrupted)
    {
        double seconds = result.Elapsed.TotalSeconds;
        string mmu = run.Mmu.Length == 0 ? "" : $"   mmu {run.Mmu}";
        string where = $"scenario {run.Scenario.Name}{mmu}   {Quantity.Count(run.Parameters.Vcpus, "vCPU")}, {Quantity.Count(run.Parameters.Notifiers, "notifier")}";
        string counters = string.Concat(result.Counters.Select(c => $", {Quantity.Of(c.Value)} {c.Key}"));
        string deadLetters = result.DeadLetters is { } lost ? $", {Quantity.Count(lost, "dead letter")}" : "";
        string throughput = $"{Quantity.Of(result.Messages)} messages, {Quantity.Of(result.Accesses)} accesses, {Quantity.Rate(result.Accesses, seconds, "accesses")}{counters}{deadLetters}";
        if (result.Violation is { } violation)
        {
            string who = result.Violator.Length == 0 ? "" : $"   seen by {result.Violator}";
            return $"{violation.Invariant}: {violation.Message}\n{where}{who}   after {Quantity.Time(seconds)}: {throughput}\n{ClusterText(result)}";
        }

        return $"{(isInterrupted ? "interrupted" : IsWhole(result) ? "held" : "not decided")}: {Quantity.Time(seconds)}, {throughput}, no violation   {where}\n{ClusterText(result)}";
    }

    // Nothing can be said of a VM that did not run to its end anywhere.
    private static bool IsWhole(SoakProgress result) => result.Cluster is not { } cluster || cluster.Ended == cluster.Vms;

    private static string ClusterText(SoakProgress result)
    {
        if (result.Cluster is not { } cluster)
        {
            return "";
        }

        IEnumerable<string> lines = cluster.Nodes.Select(n => $"  node {n.Address}   {n.State}   {Quantity.Count(n.Ended, "VM")} ended there{(n.Moved == 0 ? "" : $", {n.Moved} began again elsewhere")}\n");
        return $"  {cluster.Ended} of {Quantity.Count(cluster.Vms, "VM")} ended, {Quantity.Count(cluster.Restarts, "restart")}\n{string.Concat(lines)}";
    }
}
