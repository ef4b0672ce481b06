using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Actors;

/// <summary>User space as the harvester of the dirty log, as a live migration has one.</summary>
/// <param name="name">What people call it.</param>
/// <param name="kvm">The VM.</param>
/// <param name="bitmapWords">How many 64-bit words a memslot's bitmap has.</param>
/// <param name="pagesOf">How many pages user space has given a memslot, by its number; it does not ask KVM, where the memslot may be going just then.</param>
public class DirtyLogActor(string name, Kvm kvm, int bitmapWords, Func<int, ulong> pagesOf) : Actor(name)
{
    private readonly ulong[] bitmap = new ulong[bitmapWords];

    /// <summary>What the last round reported.</summary>
    public IReadOnlyList<ulong> LastBitmap => bitmap;

    /// <summary>The VM.</summary>
    protected Kvm Kvm => kvm;

    /// <inheritdoc/>
    public override async Coroutine Receive(Cpu cpu, Message message)
    {
        if (message is not HarvestsDirtyLog harvests)
        {
            throw new ArgumentException($"the harvester knows no {message}", nameof(message));
        }

        await Harvest(cpu, harvests.Slot, harvests.MayBeOff);
    }

    /// <summary>Reads the log and, where protection is manual, clears what it read.</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="slot">The memslot's number.</param>
    /// <param name="mayBeOff">Whether the memslot may not track writes just then.</param>
    /// <returns>When <see cref="LastBitmap"/> holds the pages that were written.</returns>
    /// <exception cref="InvalidOperationException">The memslot does not track writes.</exception>
    protected virtual async Coroutine Harvest(Cpu cpu, int slot, bool mayBeOff)
    {
        Array.Clear(bitmap);
        int error = await kvm.GetDirtyLog(cpu, slot, bitmap);
        if (error == 0 && kvm.Parameters.ManualProtect)
        {
            error = await kvm.ClearDirtyLog(cpu, slot, 0, pagesOf(slot), bitmap);
        }

        if (error == -Errno.ENOENT && mayBeOff)
        {
            Array.Clear(bitmap);
            return;
        }

        if (error != 0)
        {
            throw new InvalidOperationException($"the dirty log of slot {slot} cannot be read: error {error}");
        }
    }
}
