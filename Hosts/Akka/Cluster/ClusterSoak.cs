using System.Globalization;
using System.Threading;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Configuration;

namespace MmuStress.Hosts.Akka;

/// <summary>Runs VMs on the nodes of a cluster, each VM on one; all nodes are started with the same scenario. What is seen is gathered at the first seed node and told to all.</summary>
public sealed class ClusterSoak : ISoak
{
    private static readonly TimeSpan TimeToLeave = TimeSpan.FromSeconds(10);

    private readonly VmPlan plan;
    private readonly ClusterPlan cluster;
    private readonly SoakLedger ledger;
    private readonly Config config;
    private long lettersHere;
    private SoakProgress? told;

    /// <summary>A node's part of a soak.</summary>
    /// <param name="plan">What each VM runs.</param>
    /// <param name="vms">How many VMs there are in the whole cluster, at least 1.</param>
    /// <param name="config">The configuration.</param>
    /// <param name="cluster">The cluster.</param>
    public ClusterSoak(VmPlan plan, int vms, Config config, ClusterPlan cluster)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vms);
        _ = new VirtualMachine(plan, 0); // refuses a plan that cannot be built
        this.plan = plan;
        this.cluster = cluster;
        ledger = new SoakLedger(vms) { IsCluster = true };
        this.config = ConfigurationFactory.ParseString(Addresses()).WithFallback(config).WithFallback(Defaults);
    }

    /// <summary>What the host sets for nodes of a cluster.</summary>
    public static Config Defaults { get; } = ConfigurationFactory.FromResource("cluster.conf", typeof(ClusterSoak).Assembly);

    /// <inheritdoc/>
    public SoakProgress Progress => told ?? ledger.Progress;

    /// <inheritdoc/>
    public TimeSpan Slack => config.GetTimeSpan("mmu-stress.cluster-slack") + TimeToLeave;

    /// <inheritdoc/>
    public async Task<SoakProgress> RunAsync(TimeSpan time, CancellationToken cancellation = default)
    {
        ActorSystem system = Create();
        try
        {
            await JoinAsync(system, cancellation).ConfigureAwait(false);
            return await TakePartAsync(system, time, cancellation).ConfigureAwait(false);
        }
        finally
        {
            Task leaving = CoordinatedShutdown.Get(system).Run(CoordinatedShutdown.ClrExitReason.Instance);
            await leaving.WaitAsync(TimeToLeave, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private ActorSystem Create()
    {
        try
        {
            return ActorSystem.Create(AkkaSettings.SystemName, config);
        }
        catch (Exception e)
        {
            throw new HostUnavailableException($"node {cluster.Listen} cannot listen: {e.GetBaseException().Message}");
        }
    }

    // Akka ends the system where no seed node lets it in.
    private async Task JoinAsync(ActorSystem system, CancellationToken cancellation)
    {
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Cluster.Get(system).RegisterOnMemberUp(() => up.TrySetResult());
        Task first = await Task.WhenAny(up.Task, system.WhenTerminated, Task.Delay(Timeout.InfiniteTimeSpan, cancellation)).ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        if (first != up.Task)
        {
            throw new HostUnavailableException($"no seed node answers: {string.Join(", ", cluster.Seeds)}");
        }
    }

    private async Task<SoakProgress> TakePartAsync(ActorSystem system, TimeSpan time, CancellationToken cancellation)
    {
        IActorRef deadLetters = system.ActorOf(Props.Create(() => new DeadLetterCounter(count => Volatile.Write(ref lettersHere, count))).WithDispatcher(VmActor.Dispatcher), "dead-letters");
        await deadLetters.Ask<long>(DeadLetterCounter.HowMany.Instance, CancellationToken.None).ConfigureAwait(false);
        var overHere = new TaskCompletionSource<SoakProgress?>(TaskCreationOptions.RunContinuationsAsynchronously);
        VmTimes times = VmTimes.Of(system.Settings.Config) with { Dispatcher = "mmu-stress.node-behaviours" };
        string self = NodeAddress.Of(Cluster.Get(system).SelfAddress);
        ClusterSharding sharding = ClusterSharding.Get(system);
        ClusterShardingSettings settings = ClusterShardingSettings.Create(system);
        IActorRef region = await sharding.StartAsync(
            VmShards.TypeName,
            entity => VmActor.Of(plan, VmShards.NumberOf(entity), self, times),
            settings,
            new VmShards(ledger.Vms),
            sharding.DefaultShardAllocationStrategy(settings),
            VmActor.GiveUp.Instance).ConfigureAwait(false);
        system.ActorOf(Props.Create(() => new NodeActor(cluster.Seeds[0], () => Volatile.Read(ref lettersHere), overHere)).WithDispatcher(VmActor.Dispatcher), "node");
        return cluster.IsFirst
            ? await CoordinateAsync(system, region, time, cancellation).ConfigureAwait(false)
            : await FollowAsync(system, overHere.Task, cancellation).ConfigureAwait(false);
    }

    private async Task<SoakProgress> CoordinateAsync(ActorSystem system, IActorRef region, TimeSpan time, CancellationToken cancellation)
    {
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        TimeSpan slack = config.GetTimeSpan("mmu-stress.cluster-slack");
        IActorRef coordinator = system.ActorOf(
            Props.Create(() => new ClusterCoordinator(plan, ledger, region, cluster.Nodes, slack, over)).WithDispatcher(VmActor.Dispatcher), ClusterCoordinator.Name);
        coordinator.Tell(new SoakCoordinator.Begin(time));
        using CancellationTokenRegistration registration = cancellation.Register(() => coordinator.Tell(SoakCoordinator.Cancel.Instance));
        await over.Task.ConfigureAwait(false);
        SoakProgress result = Progress;
        foreach (Member member in Cluster.Get(system).State.Members)
        {
            system.ActorSelection(new RootActorPath(member.Address) / "user" / "node").Tell(new SoakOver(result));
        }

        return result;
    }

    private async Task<SoakProgress> FollowAsync(ActorSystem system, Task<SoakProgress?> over, CancellationToken cancellation)
    {
        await Task.WhenAny(over, system.WhenTerminated, Task.Delay(Timeout.InfiniteTimeSpan, cancellation)).ConfigureAwait(false);
        told = over.IsCompletedSuccessfully ? await over.ConfigureAwait(false) : null;
        return Progress;
    }

    private string Addresses()
    {
        string seeds = string.Join(", ", cluster.Seeds.Select(s => $"\"{s.Akka}\""));
        return string.Create(CultureInfo.InvariantCulture, $$"""
            akka.actor.provider = cluster
            akka.remote.dot-netty.tcp { hostname = "{{cluster.Listen.Host}}", port = {{cluster.Listen.Port}} }
            akka.cluster.seed-nodes = [{{seeds}}]
            """);
    }
}
