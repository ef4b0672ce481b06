using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>An actor that does one thing.</summary>
/// <param name="name">Its name.</param>
/// <param name="body">The thing.</param>
internal sealed class Doer(string name, Func<Cpu, Coroutine> body) : Actor(name)
{
    /// <inheritdoc/>
    public override Coroutine Receive(Cpu cpu, Message message) => body(cpu);
}
