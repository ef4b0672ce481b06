using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Actors;

/// <summary>User space as the reader of the dirty log, which asks for each of the two calls by itself.</summary>
/// <param name="name">What people call it.</param>
/// <param name="kvm">The VM.</param>
/// <param name="slots">Memslots have smaller numbers.</param>
/// <param name="bitmapWords">How many 64-bit words the largest memslot's bitmap has.</param>
public class DirtyLogReaderActor(string name, Kvm kvm, int slots, int bitmapWords) : Actor(name)
{
    private readonly ulong[]?[] bitmaps = new ulong[slots][];

    /// <inheritdoc/>
    public override async Coroutine Receive(Cpu cpu, Message message)
    {
        switch (message)
        {
            case ReadsDirtyLog read:
                Begin(read.Slot);
                Array.Clear(BitmapOf(read.Slot));
                await kvm.GetDirtyLog(cpu, read.Slot, BitmapOf(read.Slot));
                break;
            case ClearsDirtyLog clear:
                await kvm.ClearDirtyLog(cpu, clear.Slot, 0, clear.Pages, BitmapOf(clear.Slot));
                break;
            default:
                throw new ArgumentException($"the reader of the dirty log knows no {message}", nameof(message));
        }
    }

    /// <summary>The log of a memslot is about to be read.</summary>
    /// <param name="slot">The memslot's number.</param>
    protected virtual void Begin(int slot)
    {
    }

    private ulong[] BitmapOf(int slot) => bitmaps[slot] ??= new ulong[bitmapWords];
}
