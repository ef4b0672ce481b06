using Akka.Actor;

namespace MmuStress.Hosts.Akka;

/// <summary>Has all VMs of a soak run, and gathers what they report. The first violation ends them all.</summary>
internal class SoakCoordinator : ReceiveActor, IWithTimers
{
    private readonly VmPlan plan;
    private readonly Action<object> tellVm;
    private readonly SoakLedger ledger;
    private readonly TaskCompletionSource over;
    private bool isEnding;
    private bool isCancelled;

    /// <summary>A coordinator, which begins when it is told <see cref="Begin"/>.</summary>
    /// <param name="plan">What the VMs run.</param>
    /// <param name="ledger">Where what they report is gathered.</param>
    /// <param name="tellVm">Sends a message of <see cref="Vm"/> to the VM that it names.</param>
    /// <param name="over">Completed when every VM has ended.</param>
    public SoakCoordinator(VmPlan plan, SoakLedger ledger, Action<object> tellVm, TaskCompletionSource over)
    {
        this.plan = plan;
        this.ledger = ledger;
        this.tellVm = tellVm;
        this.over = over;
        Receive<Begin>(OnBegin);
        Receive<Cancel>(_ => EndAll(true));
        Receive<Vm.Begun>(OnBegun);
        Receive<Vm.Progress>(ledger.Note);
        Receive<Vm.Ended>(OnEnded);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Whether the VMs are to end.</summary>
    protected bool IsEnding => isEnding;

    /// <summary>How long the VMs run.</summary>
    protected TimeSpan Time { get; private set; }

    /// <summary>How long it has run for.</summary>
    protected TimeSpan Elapsed => ledger.Elapsed;

    /// <summary>Has the VMs begin.</summary>
    /// <param name="begin">For how long.</param>
    protected virtual void OnBegin(Begin begin)
    {
        Time = begin.Time;
        ledger.Begin();
        for (int i = 0; i < ledger.Vms; i++)
        {
            Run(i);
        }

        FinishIfOver();
    }

    /// <summary>Has a VM run, or run again.</summary>
    /// <param name="number">The VM's number.</param>
    protected void Run(int number)
    {
        TimeSpan left = Time - Elapsed;
        long time = (long)Math.Clamp(left.TotalMilliseconds, ledger.AttemptOf(number) == 0 ? 0 : 1000, int.MaxValue);
        tellVm(new Vm.Run(number, ledger.AttemptOf(number), time, plan.Text));
    }

    /// <summary>A VM runs.</summary>
    /// <param name="begun">Which, and where.</param>
    protected virtual void OnBegun(Vm.Begun begun)
    {
        ledger.Note(begun);
        if (isEnding)
        {
            tellVm(new Vm.End(begun.Number, isCancelled)); // the order to end may have come before it ran
        }
    }

    /// <summary>A VM has ended.</summary>
    /// <param name="ended">Which, and how.</param>
    protected virtual void OnEnded(Vm.Ended ended)
    {
        ledger.Note(ended);
        if (ended.Violation is not null)
        {
            EndAll(false);
        }

        FinishIfOver();
    }

    /// <summary>Ends all VMs.</summary>
    /// <param name="cancelled">Whether actors that do not stop are no finding.</param>
    protected void EndAll(bool cancelled)
    {
        isCancelled |= cancelled;
        isEnding = true;
        foreach (int number in ledger.Running)
        {
            tellVm(new Vm.End(number, isCancelled));
        }

        FinishIfOver();
    }

    /// <summary>Ends the soak when no VM runs.</summary>
    protected void FinishIfOver()
    {
        if (ledger.Running.Count == 0)
        {
            Finish();
        }
    }

    /// <summary>Ends the soak.</summary>
    protected void Finish()
    {
        ledger.End();
        over.TrySetResult();
    }

    /// <summary>Have the VMs begin.</summary>
    /// <param name="Time">For how long.</param>
    public sealed record Begin(TimeSpan Time);

    /// <summary>End early.</summary>
    public sealed record Cancel
    {
        /// <summary>The only one there is.</summary>
        public static Cancel Instance { get; } = new();
    }
}
