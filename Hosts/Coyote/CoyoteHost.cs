using System.Threading;
using Microsoft.Coyote.Rewriting;
using Microsoft.Coyote.Runtime;
using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Hosts;

/// <summary>Runs a stage's actors once under Coyote: each is a controlled task with a CPU of its own, mailboxes are objects of the machine.</summary>
/// <remarks>
/// Only marked accesses are scheduling points. What else Coyote would make one, it is told not to: between two marked accesses everything is
/// atomic, and so is what a checker looks at.
/// </remarks>
/// <param name="build">Builds the stage; must build the same each time.</param>
public sealed class CoyoteHost(Action<Stage> build)
{
    private readonly CoyoteMachine machine = new();
    private readonly List<Seat> seats = [];

    /// <summary>Runs the actors, the epilogue and the checks of the end. To be called by the test that Coyote runs, once.</summary>
    /// <exception cref="InvalidOperationException">The assembly has not been rewritten, so Coyote would control nothing.</exception>
    public void Run()
    {
        if (!RewritingEngine.IsAssemblyRewritten(typeof(CoyoteHost).Assembly))
        {
            throw new InvalidOperationException("the assemblies are not rewritten: coyote rewrite coyote.json");
        }

        SchedulingPoint.Suppress();
        var stage = new Stage(machine);
        build(stage);
        foreach (Part part in stage.Parts)
        {
            seats.Add(new Seat(machine, part, stage.Rounds));
        }

        CoyoteCpu end = machine.AddCpu("end");
        var running = new Task[seats.Count];
        for (int i = 0; i < running.Length; i++)
        {
            Seat seat = seats[i];
            running[i] = Task.Run(seat.Act);
        }

        Operation.PauseUntil(IsQuiet);
        if (seats.Exists(IsStuck))
        {
            string waits = string.Join("; ", seats.Where(IsStuck).Select(s => $"{s.Cpu.Name} waits for {s.Cpu.DescribeWait()}"));
            machine.Report(new Violation(MachineInvariants.NoDeadlock, waits), null);
        }

        machine.IsOver = true;
#pragma warning disable VSTHRD002 // an await would cost a thread more in every iteration
        Task.WaitAll(running);
#pragma warning restore VSTHRD002
        machine.Order.JoinAll(end.Id);
        End(stage, end);
    }

    // Coyote's own report of a deadlock would say the same of operations without names.
    private bool IsQuiet() => seats.TrueForAll(s => s.HasEnded || s.Cpu.IsWaiting);

    private static bool IsStuck(Seat seat) => !seat.HasEnded && !seat.Cpu.IsIdle;

    private void End(Stage stage, CoyoteCpu cpu)
    {
        machine.IsOver = false;
        if (stage.Epilogue is { } epilogue)
        {
            Attempt(cpu, () => epilogue(cpu).GetResult());
            cpu.Held.AssertNone();
        }

        foreach (Action check in stage.EndChecks)
        {
            check();
        }

        if (stage.ChecksLeaks)
        {
            machine.ReportLeaks();
        }
    }

    private static void Attempt(Cpu cpu, Action body)
    {
        try
        {
            body();
        }
        catch (MachineStoppedException)
        {
            // It waited for messages, and there are no more.
        }
        catch (Exception e) when (e is not ThreadInterruptedException) // that is how Coyote ends an iteration
        {
            cpu.Fail(MachineInvariants.NoException, $"{cpu.Name}: {e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    private sealed class Seat : IInbox
    {
        private readonly CoyoteMachine machine;
        private readonly Actor actor;
        private readonly Message[] script;
        private readonly int rounds;
        private Mailbox<Message>? mailbox;

        public Seat(CoyoteMachine machine, Part part, int rounds)
        {
            this.machine = machine;
            this.rounds = rounds;
            actor = part.Actor;
            script = part.Script;
            actor.Inbox = this;
            Cpu = machine.AddCpu(actor.Name);
        }

        public CoyoteCpu Cpu { get; }

        public bool HasEnded { get; private set; }

        private Mailbox<Message> Mailbox => mailbox ??= new Mailbox<Message>(machine, actor.Name);

        public Coroutine Send(Cpu cpu, Message message) => Mailbox.Send(cpu, message);

        public void Act()
        {
            Attempt(Cpu, Run);
            HasEnded = true;
        }

        private void Run()
        {
            for (int i = 0; i < rounds * script.Length; i++)
            {
                Handle(script[i % script.Length]);
            }

            while (actor.AwaitsMessages)
            {
                Handle(Mailbox.Receive(Cpu).GetResult());
            }
        }

        private void Handle(Message message)
        {
            actor.Receive(Cpu, message).GetResult();
            Cpu.Held.AssertNone();
            machine.MadeProgress();
        }
    }
}
