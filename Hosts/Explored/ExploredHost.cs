using MmuStress.Actors;
using MmuStress.Explorer;
using MmuStress.Machine;

namespace MmuStress.Hosts;

/// <summary>Runs a stage's actors under the explorer: each on a CPU of its own, mailboxes as objects of the machine.</summary>
/// <remarks>
/// An actor's script is in its mailbox from the start, so taking it out is no step: nothing another actor sends can come before it. An
/// actor that has an inbox somebody sends to then waits for more until nobody is left to send.
/// </remarks>
/// <param name="build">Builds the stage; called for every run, and must build the same each time.</param>
public sealed class ExploredHost(Action<Stage> build) : IProgram
{
    private Stage? stage;

    /// <inheritdoc/>
    public void Start(ExploredMachine machine)
    {
        if (stage is null || !ReferenceEquals(stage.Machine, machine))
        {
            stage = new Stage(machine);
        }

        stage.Clear();
        build(stage);
        foreach (Part part in stage.Parts)
        {
            var run = new ActorRun(machine, part);
            part.Actor.Inbox = run;
            machine.Spawn(part.Actor.Name, run.Run);
        }

        if (stage.Epilogue is { } epilogue)
        {
            machine.SpawnAfterOthers("end", epilogue);
        }

        foreach (Action check in stage.EndChecks)
        {
            machine.AtEnd(check);
        }

        if (stage.ChecksLeaks)
        {
            machine.CheckLeaksAtEnd();
        }
    }

    private sealed class ActorRun(ExploredMachine machine, Part part) : IInbox
    {
        private Mailbox<Message>? mailbox;

        public Coroutine Send(Cpu cpu, Message message) => Mailbox.Send(cpu, message);

        public async Coroutine Run(Cpu cpu)
        {
            foreach (Message message in part.Script)
            {
                await part.Actor.Receive(cpu, message);
                cpu.Held.AssertNone();
            }

            if (!part.Actor.AwaitsMessages)
            {
                return;
            }

            while (true)
            {
                Message message = await Mailbox.Receive(cpu);
                await part.Actor.Receive(cpu, message);
                cpu.Held.AssertNone();
            }
        }

        private Mailbox<Message> Mailbox => mailbox ??= new Mailbox<Message>(machine, part.Actor.Name);
    }
}
