using Akka.Actor;
using Akka.Event;
using MmuStress.Machine;

namespace MmuStress.Hosts.Akka;

/// <summary>A VM: the supervisor of its behaviours. It begins and ends their scripts, reports, and never restarts anyone.</summary>
/// <remarks>
/// The end is graceful: scripts end first, then messages that were sent are handled, then the actors stop, then the epilogue and the checks run.
/// What a behaviour throws ends the VM: its supervisor reports it, stops everybody and leaves out the epilogue.
/// </remarks>
internal sealed class VmActor : ReceiveActor, IWithTimers
{
    /// <summary>The dispatcher of supervisors.</summary>
    public const string Dispatcher = "mmu-stress.supervisors";

    private readonly VmPlan plan;
    private readonly int number;
    private readonly string node;
    private readonly VmTimes times;
    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly HashSet<IActorRef> scripted = [];
    private readonly HashSet<IActorRef> alive = [];
    private VirtualMachine? vm;
    private IActorRef starter = ActorRefs.Nobody;
    private int attempt;
    private bool isEnding;
    private bool isCancelled;
    private bool isStopping;
    private bool isWhole = true;
    private bool isOver;

    /// <summary>A VM.</summary>
    /// <param name="plan">What it runs.</param>
    /// <param name="number">Its number.</param>
    /// <param name="node">The node it is on; empty where there is only one.</param>
    /// <param name="times">How patient it is.</param>
    public VmActor(VmPlan plan, int number, string node, VmTimes times)
    {
        this.plan = plan;
        this.number = number;
        this.node = node;
        this.times = times;
        Receive<Vm.Run>(Begin);
        Receive<Vm.End>(end => End(end.IsCancelled));
        Receive<GiveUp>(_ => OnGivenUp());
        Receive<Behaviour.ScriptEnded>(_ => OnScriptEnded());
        Receive<Terminated>(OnTerminated);
        Receive<Step>(OnStep);
    }

    // What it tells itself.
    private enum Step
    {
        Report,
        TimeUp,
        Quiet,
        CutOff,
        Stuck,
        Lost,
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private string Name => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"vm{number}");

    /// <summary>How to make one.</summary>
    /// <param name="plan">What it runs.</param>
    /// <param name="number">Its number.</param>
    /// <param name="node">The node it is on; empty where there is only one.</param>
    /// <param name="times">How patient it is.</param>
    /// <returns>The Props.</returns>
    public static Props Of(VmPlan plan, int number, string node, VmTimes times) =>
        Props.Create(() => new VmActor(plan, number, node, times)).WithDispatcher(Dispatcher);

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() =>
        new AllForOneStrategy(maxNrOfRetries: 0, withinTimeMilliseconds: 0, Decide, loggingEnabled: false);

    private Directive Decide(Exception cause)
    {
        NativeMachine machine = vm!.Machine;
        if (cause is not ViolationException and not MachineStoppedException)
        {
            NativeCpu? cpu = vm.Seats.FirstOrDefault(s => s.Actor.Equals(Sender))?.Cpu;
            machine.Report(new Violation(MachineInvariants.NoException, $"{cpu?.Name}: {cause.GetType().Name}: {cause.Message.ReplaceLineEndings(" ")}"), cpu);
        }

        log.Info("{0} ends: {1}", Sender.Path.Name, cause.Message);
        machine.Stop(); // those that wait in the middle of a message give up
        isStopping = true;
        BeginStuckTimer();
        return Directive.Stop;
    }

    private void Begin(Vm.Run run)
    {
        if (!string.Equals(run.Plan, plan.Text, StringComparison.Ordinal))
        {
            Sender.Tell(new Vm.Refused(number, plan.Text, node));
            return;
        }

        starter = Sender;
        attempt = run.Attempt;
        if (vm is not null)
        {
            starter.Tell(new Vm.Begun(number, attempt, node)); // asked twice
            return;
        }

        vm = new VirtualMachine(plan, number);
        IActorRef self = Self;
        vm.Quiet = () => OnQuiet(self);
        foreach (FreeSeat seat in vm.Seats)
        {
            IActorRef actor = Context.Watch(Context.ActorOf(BehaviourActor.Of(seat, times.Dispatcher), seat.Name));
            seat.Occupy(actor);
            alive.Add(actor);
            scripted.Add(actor);
        }

        log.Info("{0} begins", Name);
        Timers.StartPeriodicTimer(Step.Report, Step.Report, times.ProgressInterval);
        Timers.StartSingleTimer(Step.TimeUp, Step.TimeUp, TimeSpan.FromMilliseconds(run.Time));
        starter.Tell(new Vm.Begun(number, attempt, node)); // its time runs from here on
        foreach (IActorRef actor in alive)
        {
            actor.Tell(Behaviour.GoOn.Instance);
        }

        if (alive.Count == 0)
        {
            Finish();
        }
    }

    // Only while it ends: nobody else wants to know.
    private void OnQuiet(IActorRef self)
    {
        if (System.Threading.Volatile.Read(ref isEnding))
        {
            self.Tell(Step.Quiet);
        }
    }

    private void OnStep(Step step)
    {
        switch (step)
        {
            case Step.Report:
                starter.Tell(new Vm.Progress(number, attempt, vm!.Tally));
                break;
            case Step.TimeUp:
                End(false);
                break;
            case Step.Quiet:
                StopIfQuiet();
                break;
            case Step.CutOff when !isStopping:
                isStopping = true;
                BeginStuckTimer();
                foreach (IActorRef actor in alive)
                {
                    Context.Stop(actor); // after the message in hand
                }

                break;
            case Step.Stuck:
                OnStuck();
                break;
            case Step.Lost when !isOver:
                Finish(); // code that never gives way cannot be stopped
                break;
        }
    }

    private void End(bool isCancelledNow)
    {
        isCancelled |= isCancelledNow;
        if (vm is null)
        {
            Context.Stop(Self);
            return;
        }

        if (isEnding)
        {
            return;
        }

        System.Threading.Volatile.Write(ref isEnding, true);
        Timers.StartSingleTimer(Step.CutOff, Step.CutOff, times.DrainTime);
        foreach (IActorRef actor in alive)
        {
            actor.Tell(Behaviour.EndScript.Instance);
        }

        StopIfQuiet();
    }

    // The node wants to be rid of it: what it has counted is reported, and somebody else has it run on.
    private void OnGivenUp()
    {
        isWhole = false;
        End(true);
    }

    private void OnScriptEnded()
    {
        scripted.Remove(Sender);
        if (scripted.Count == 0)
        {
            if (!isEnding)
            {
                End(false); // all rounds are done
            }

            StopIfQuiet();
        }
    }

    private void StopIfQuiet()
    {
        if (isEnding && !isStopping && scripted.Count == 0 && vm!.IsQuiet)
        {
            isStopping = true;
            BeginStuckTimer();
            foreach (IActorRef actor in alive)
            {
                actor.Tell(PoisonPill.Instance);
            }
        }
    }

    private void BeginStuckTimer()
    {
        if (!Timers.IsTimerActive(Step.Stuck))
        {
            Timers.StartSingleTimer(Step.Stuck, Step.Stuck, isCancelled ? times.DrainTime : times.StuckTime);
        }
    }

    private void OnStuck()
    {
        if (isOver)
        {
            return;
        }

        if (!isCancelled)
        {
            string stuck = string.Join(", ", vm!.Seats.Where(s => s.IsBusy).Select(s => s.Name));
            vm.Machine.Report(new Violation(MachineInvariants.NoDeadlock, $"{stuck}: still waiting {times.StuckTime.TotalSeconds} s after the time was up"), null);
        }

        vm!.Machine.Stop();
        Timers.StartSingleTimer(Step.Lost, Step.Lost, times.DrainTime);
    }

    private void OnTerminated(Terminated gone)
    {
        alive.Remove(gone.ActorRef);
        if (alive.Count == 0)
        {
            Finish();
        }
    }

    private void Finish()
    {
        if (isOver)
        {
            return;
        }

        isOver = true;
        NativeMachine machine = vm!.Machine;
        if (!machine.IsStopping)
        {
            vm.RunEpilogue();
        }

        string violator = machine.Violator is { } cpu ? cpu.Name : "";
        starter.Tell(new Vm.Ended(number, attempt, vm.Tally, isWhole || machine.Violation is not null, machine.Violation, violator));
        log.Info("{0} ended", Name);
        Context.Stop(Self);
    }

    /// <summary>Told by a node that has to give the VM up.</summary>
    public sealed record GiveUp
    {
        /// <summary>The only one there is.</summary>
        public static GiveUp Instance { get; } = new();
    }
}
