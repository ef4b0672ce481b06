using Akka.Actor;
using Akka.Cluster;

namespace MmuStress.Hosts.Akka;

/// <summary>A node's own actor, /user/node: it waits until it is told that the soak is over, or until the first seed node is gone.</summary>
internal sealed class NodeActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan NewsInterval = TimeSpan.FromSeconds(1);

    private readonly Cluster cluster = Cluster.Get(Context.System);

    /// <summary>A node's actor.</summary>
    /// <param name="first">The first seed node.</param>
    /// <param name="deadLetters">How many dead letters there are here.</param>
    /// <param name="over">Completed with what was seen; with null where the first seed node is gone.</param>
    public NodeActor(NodeAddress first, Func<long> deadLetters, TaskCompletionSource<SoakProgress?> over)
    {
        ActorSelection coordinator = Context.ActorSelection($"{first.Akka}/user/{ClusterCoordinator.Name}");
        Receive<Tick>(_ => coordinator.Tell(new NodeNews(NodeAddress.Of(cluster.SelfAddress), deadLetters())));
        Receive<SoakOver>(told => over.TrySetResult(told.Result));
        Receive<ClusterEvent.MemberRemoved>(removed =>
        {
            if (string.Equals(NodeAddress.Of(removed.Member.Address), first.ToString(), StringComparison.Ordinal))
            {
                over.TrySetResult(null);
            }
        });
    }

    private enum Tick
    {
        TellNews,
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreStart()
    {
        cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.MemberRemoved));
        Timers.StartPeriodicTimer(Tick.TellNews, Tick.TellNews, TimeSpan.Zero, NewsInterval);
    }

    /// <inheritdoc/>
    protected override void PostStop() => cluster.Unsubscribe(Self);
}
