using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Hosts.Tests;

internal sealed record Add(int Amount) : Message;

internal sealed record Break(string What) : Message;

internal sealed record Ask(Counter Whom) : Message;

internal sealed record Tell(Counter Whom) : Message;

internal sealed record Question(Word Answer) : Message;

internal sealed record Stuck(Word Begun, Word Never) : Message;

/// <summary>Counts in a word of the machine, answers questions, and breaks rules when told to.</summary>
internal sealed class Counter(string name, Word sum, bool isAtomic = true, bool awaitsMessages = false, List<Message>? seen = null) : Actor(name)
{
    private static readonly LockClass MmuLock = new("mmu_lock", maySleep: false);

    public override bool AwaitsMessages => awaitsMessages;

    public override async Coroutine Receive(Cpu cpu, Message message)
    {
        seen?.Add(message);
        switch (message)
        {
            case Add add when isAtomic:
                await cpu.AddReturn(sum, add.Amount);
                break;
            case Add add:
                await cpu.WriteOnce(sum, await cpu.ReadOnce(sum) + (ulong)add.Amount);
                break;
            case Ask ask:
                Word answer = cpu.Machine.Memory.Allocate("answer", "answer")[0];
                await ask.Whom.Inbox.Send(cpu, new Question(answer));
                await cpu.WaitUntilNotEqual(answer, 0);
                break;
            case Tell tell:
                await tell.Whom.Inbox.Send(cpu, new Add(1));
                break;
            case Question question:
                await cpu.AddReturn(sum, 1);
                await cpu.WriteOnce(question.Answer, 1);
                break;
            case Break { What: "rule" }:
                cpu.Fail("NoBreach", "a rule is broken");
                break;
            case Break { What: "lock" }:
                await cpu.Lock(new SpinLock(cpu.Machine, MmuLock));
                break;
            case Stuck stuck:
                await cpu.WriteOnce(stuck.Begun, 1);
                await cpu.WaitUntilEqual(stuck.Never, 1);
                break;
            default:
                throw new ArgumentException($"{Name} knows no {message.GetType().Name}");
        }
    }
}
