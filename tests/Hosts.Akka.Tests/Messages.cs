using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Hosts.Akka.Tests;

internal sealed record Add(ulong Amount) : Message;

internal sealed record Break(string What) : Message;

internal sealed record Pass(Counter To, ulong Amount) : Message;

internal sealed record Wait(Word For) : Message;

/// <summary>Counts in a word of the machine, passes amounts on to others, and breaks rules when told to.</summary>
internal sealed class Counter(string name, Word sum, bool awaitsMessages = false) : Actor(name)
{
    public override bool AwaitsMessages => awaitsMessages;

    public override async Coroutine Receive(Cpu cpu, Message message)
    {
        switch (message)
        {
            case Add add:
                await cpu.WriteOnce(sum, await cpu.ReadOnce(sum) + add.Amount);
                break;
            case Pass pass:
                await pass.To.Inbox.Send(cpu, new Add(pass.Amount));
                break;
            case Wait wait:
                await cpu.WaitUntilNotEqual(wait.For, 0);
                break;
            case Break { What: "rule" }:
                cpu.Fail("NoBreach", "a rule is broken");
                break;
            default:
                throw new ArgumentException($"{Name} knows no {message.GetType().Name}");
        }
    }
}
