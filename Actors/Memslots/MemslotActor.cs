using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Actors;

/// <summary>User space as the manager of memslots: creates, deletes, moves them and changes their flags under running vCPUs.</summary>
/// <param name="name">What people call it.</param>
/// <param name="kvm">The VM.</param>
public sealed class MemslotActor(string name, Kvm kvm) : Actor(name)
{
    private bool isDestroyed;

    /// <summary>What the last ioctl returned: 0 or a negative error number.</summary>
    public int LastResult { get; private set; }

    /// <inheritdoc/>
    public override async Coroutine Receive(Cpu cpu, Message message)
    {
        switch (message)
        {
            case SetsMemslot sets:
                LastResult = await kvm.SetMemoryRegion(cpu, sets.Region);
                break;
            case DestroysVm when isDestroyed: // free-running, scripts begin again; a VM ends once
                break;
            case DestroysVm:
                isDestroyed = true;
                await kvm.Destroy(cpu);
                break;
            default:
                throw new ArgumentException($"the memslot manager knows no {message}", nameof(message));
        }
    }
}
