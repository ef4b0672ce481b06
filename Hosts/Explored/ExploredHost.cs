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
public sealed class ExploredHost(Action<Stage> build) : StageProgram(build)
{
    private readonly List<ActorRun> runs = [];

    /// <inheritdoc/>
    protected override void OnNewMachine() => runs.Clear();

    /// <inheritdoc/>
    protected override Func<Cpu, Coroutine> BodyOf(ExploredMachine machine, int number, Part part, int rounds)
    {
        if (number == runs.Count)
        {
            runs.Add(new ActorRun(machine));
        }

        runs[number].Begin(part, rounds);
        return runs[number].Body;
    }

    // One for each actor of the stage, used again in every run.
    private sealed class ActorRun : IInbox
    {
        private readonly ExploredMachine machine;
        private Actor actor = null!;
        private Message[] script = [];
        private int rounds;
        private Mailbox<Message>? mailbox;

        public ActorRun(ExploredMachine machine)
        {
            this.machine = machine;
            Body = Run;
        }

        public Func<Cpu, Coroutine> Body { get; }

        private Mailbox<Message> Mailbox => mailbox ??= new Mailbox<Message>(machine, actor.Name);

        public void Begin(Part part, int times)
        {
            rounds = times;
            actor = part.Actor;
            script = part.Script;
            mailbox = null;
            actor.Inbox = this;
        }

        public Coroutine Send(Cpu cpu, Message message) => Mailbox.Send(cpu, message);

        private async Coroutine Run(Cpu cpu)
        {
            for (int i = 0; i < rounds * script.Length; i++)
            {
                await actor.Receive(cpu, script[i % script.Length]);
                cpu.Held.AssertNone();
                machine.MadeProgress();
            }

            while (actor.AwaitsMessages)
            {
                Message message = await Mailbox.Receive(cpu);
                await actor.Receive(cpu, message);
                cpu.Held.AssertNone();
                machine.MadeProgress();
            }
        }
    }
}
