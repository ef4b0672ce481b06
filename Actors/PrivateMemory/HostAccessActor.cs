using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Actors;

/// <summary>The host process, or its kernel on behalf of it, accesses the guest's memory.</summary>
/// <param name="name">What people call it.</param>
/// <param name="mm">The process's address space.</param>
public sealed class HostAccessActor(string name, HostMm mm) : Actor(name)
{
    /// <summary>Whether the last access was done; false where it ended with a signal or an error.</summary>
    public bool LastWasDone { get; private set; }

    /// <inheritdoc/>
    public override async Coroutine Receive(Cpu cpu, Message message)
    {
        LastWasDone = message switch
        {
            ReadsPage read => await mm.HostRead(cpu, Hva.OfPage(read.Page)) is not null,
            WritesPage write => await mm.HostWrite(cpu, Hva.OfPage(write.Page), write.Value),
            CopiesToGuest copy => await mm.CopyToGuest(cpu, Hva.OfPage(copy.Page), copy.Value),
            _ => throw new ArgumentException($"who accesses memory knows no {message}", nameof(message)),
        };
    }
}
