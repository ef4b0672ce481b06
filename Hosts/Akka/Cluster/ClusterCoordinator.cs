using Akka.Actor;
using Akka.Cluster;
using Akka.Event;

namespace MmuStress.Hosts.Akka;

/// <summary>The coordinator on the first seed node: begins when enough nodes are there, and has the VMs of a node that is gone begin again elsewhere.</summary>
internal sealed class ClusterCoordinator : SoakCoordinator
{
    /// <summary>Its actor's name.</summary>
    public const string Name = "soak";

    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(2);

    private readonly SoakLedger ledger;
    private readonly int nodes;
    private readonly TimeSpan slack;
    private readonly TaskCompletionSource over;
    private readonly Cluster cluster = Cluster.Get(Context.System);
    private readonly HashSet<UniqueAddress> up = [];
    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly HashSet<string> ready = new(StringComparer.Ordinal);
    private Begin? begin;
    private bool hasBegun;

    /// <summary>A coordinator.</summary>
    /// <param name="plan">What the VMs run.</param>
    /// <param name="ledger">Where what they report is gathered.</param>
    /// <param name="region">Where messages for VMs are sent.</param>
    /// <param name="nodes">How many nodes to wait for.</param>
    /// <param name="slack">How long after the time is up VMs are waited for.</param>
    /// <param name="over">Completed when every VM has ended, faulted where a node runs something else.</param>
    public ClusterCoordinator(VmPlan plan, SoakLedger ledger, IActorRef region, int nodes, TimeSpan slack, TaskCompletionSource over)
        : base(plan, ledger, message => region.Tell(message, Context.Self), over)
    {
        this.ledger = ledger;
        this.nodes = nodes;
        this.slack = slack;
        this.over = over;
        Receive<ClusterEvent.MemberUp>(e => OnUp(e.Member));
        Receive<NodeNews>(OnNews);
        Receive<ClusterEvent.MemberRemoved>(e => OnRemoved(e.Member, e.PreviousStatus));
        Receive<Vm.Refused>(OnRefused);
        Receive<Tick>(OnTick);
    }

    private enum Tick
    {
        AskAgain,
        GiveUp,
    }

    /// <inheritdoc/>
    protected override void PreStart() => cluster.Subscribe(
        Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.MemberUp), typeof(ClusterEvent.MemberRemoved));

    /// <inheritdoc/>
    protected override void PostStop() => cluster.Unsubscribe(Self);

    /// <inheritdoc/>
    protected override void OnBegin(Begin begin)
    {
        this.begin = begin;
        BeginIfComplete();
    }

    /// <inheritdoc/>
    protected override void OnBegun(Vm.Begun begun)
    {
        log.Info("vm{0} runs on {1}", begun.Number, begun.Node);
        base.OnBegun(begun);
    }

    /// <inheritdoc/>
    protected override void OnEnded(Vm.Ended ended)
    {
        if (!ended.IsWhole && !IsEnding && ledger.IsCurrent(ended))
        {
            ledger.NoteTally(ended);
            log.Info("vm{0} was given up by {1}", ended.Number, ledger.NodeOf(ended.Number));
            ledger.Restart(ended.Number);
            Run(ended.Number);
            return;
        }

        base.OnEnded(ended);
    }

    private void OnUp(Member member)
    {
        up.Add(member.UniqueAddress);
        ledger.NoteNode(NodeAddress.Of(member.Address), "up");
        log.Info("node {0} is up", member.Address);
    }

    private void OnNews(NodeNews news)
    {
        ledger.NoteDeadLetters(news.Address, news.DeadLetters);
        if (ready.Add(news.Address))
        {
            BeginIfComplete();
        }
    }

    private void OnRemoved(Member member, MemberStatus before)
    {
        if (!up.Remove(member.UniqueAddress))
        {
            return;
        }

        string node = NodeAddress.Of(member.Address);
        ledger.NoteNode(node, before == MemberStatus.Down ? "lost" : "left");
        log.Info("node {0} is gone", node);
        foreach (int number in ledger.Running)
        {
            if (string.Equals(ledger.NodeOf(number), node, StringComparison.Ordinal))
            {
                ledger.Restart(number);
                Run(number);
            }
        }
    }

    private void BeginIfComplete()
    {
        if (!hasBegun && begin is not null && ready.Count >= nodes)
        {
            hasBegun = true;
            base.OnBegin(begin);
            Timers.StartPeriodicTimer(Tick.AskAgain, Tick.AskAgain, AskAgain);
            Timers.StartSingleTimer(Tick.GiveUp, Tick.GiveUp, begin.Time + slack);
        }
    }

    private void OnTick(Tick tick)
    {
        if (tick == Tick.GiveUp)
        {
            Finish(); // with the VMs that are still missing said to be so
            return;
        }

        foreach (int number in ledger.Running)
        {
            if (ledger.NodeOf(number) is null)
            {
                Run(number); // what was told to a node that is gone is lost
            }
        }
    }

    private void OnRefused(Vm.Refused refused)
    {
        over.TrySetException(new HostUnavailableException($"node {refused.Node} runs something else: {refused.Plan}"));
    }
}
