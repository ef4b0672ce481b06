using System.Globalization;
using System.Threading;
using Akka.Actor;
using Akka.Configuration;

namespace MmuStress.Hosts.Akka;

/// <summary>Runs VMs free, each behaviour an Akka actor: /user/vm0/vcpu3.</summary>
public sealed class AkkaSoak : ISoak
{
    private readonly VmPlan plan;
    private readonly Config config;
    private readonly SoakLedger ledger;

    /// <summary>A soak, which runs once.</summary>
    /// <param name="plan">What each VM runs.</param>
    /// <param name="vms">How many VMs, at least 1.</param>
    /// <param name="config">The configuration.</param>
    public AkkaSoak(VmPlan plan, int vms, Config config)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vms);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(plan.Rounds);
        _ = new VirtualMachine(plan, 0); // refuses a plan that cannot be built
        this.plan = plan;
        this.config = config;
        ledger = new SoakLedger(vms);
    }

    /// <inheritdoc/>
    public SoakProgress Progress => ledger.Progress;

    /// <inheritdoc/>
    public async Task<SoakProgress> RunAsync(TimeSpan time, CancellationToken cancellation = default)
    {
        var system = ActorSystem.Create(AkkaSettings.SystemName, config);
        IActorRef deadLetters = system.ActorOf(Props.Create(() => new DeadLetterCounter(count => ledger.NoteDeadLetters("", count))).WithDispatcher(VmActor.Dispatcher), "dead-letters");
        await deadLetters.Ask<long>(DeadLetterCounter.HowMany.Instance, CancellationToken.None).ConfigureAwait(false); // it counts from here on
        var times = VmTimes.Of(system.Settings.Config);
        IActorRef[] vms = Enumerable.Range(0, ledger.Vms)
            .Select(i => system.ActorOf(VmActor.Of(plan, i, "", times), string.Create(CultureInfo.InvariantCulture, $"vm{i}")))
            .ToArray();
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        IActorRef coordinator = system.ActorOf(
            Props.Create(() => new LocalCoordinator(plan, ledger, vms, over)).WithDispatcher(VmActor.Dispatcher), "soak");
        coordinator.Tell(new SoakCoordinator.Begin(time));
        using CancellationTokenRegistration registration = cancellation.Register(() => coordinator.Tell(SoakCoordinator.Cancel.Instance));
        await over.Task.ConfigureAwait(false);
        ledger.NoteDeadLetters("", await deadLetters.Ask<long>(DeadLetterCounter.HowMany.Instance, CancellationToken.None).ConfigureAwait(false));
        SoakProgress result = Progress;
        await system.Terminate().WaitAsync(TimeSpan.FromSeconds(5), CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // code that never gives way keeps it
        return result;
    }
}
