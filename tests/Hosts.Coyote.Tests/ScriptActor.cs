using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Hosts.Coyote.Tests;

/// <summary>An actor that does what each message says.</summary>
internal sealed class ScriptActor(string name, bool awaitsMessages = false) : Actor(name)
{
    public override bool AwaitsMessages => awaitsMessages;

    public override Coroutine Receive(Cpu cpu, Message message) => ((Does)message).What(cpu);

    /// <summary>Something to do.</summary>
    internal sealed record Does(Func<Cpu, Coroutine> What) : Message;
}
