using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Actors;

/// <summary>User space that converts the guest's memory as the guest asks for it.</summary>
/// <param name="name">What people call it.</param>
/// <param name="attributes">The attributes of the guest's frames.</param>
public sealed class MemoryAttributesActor(string name, MemoryAttributes attributes) : Actor(name)
{
    /// <summary>What the last ioctl returned: 0 or a negative error number.</summary>
    public int LastResult { get; private set; }

    /// <inheritdoc/>
    public override async Coroutine Receive(Cpu cpu, Message message)
    {
        if (message is not ConvertsMemory converts)
        {
            throw new ArgumentException($"who converts memory knows no {message}", nameof(message));
        }

        LastResult = await attributes.SetMemAttributes(cpu, converts.Gfns, converts.IsPrivate ? MemoryAttributes.Private : 0);
    }
}
