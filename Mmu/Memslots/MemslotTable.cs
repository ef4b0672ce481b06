namespace MmuStress.Mmu;

/// <summary>The memslots of a VM by handle: what stands for their addresses, since a word of memory cannot hold a reference.</summary>
/// <remarks>Locking: slots_lock to add and remove; readers need none. A handle is used again only after a thousand others were freed.</remarks>
internal sealed class MemslotTable(Multiprocessor machine)
{
    private const int Quarantine = 1000;

    private readonly Queue<ulong> freed = new(0);
    private volatile Memslot?[] slots = new Memslot?[16];
    private int used;

    public Memslot At(ulong handle)
    {
        Memslot? slot = handle < (ulong)slots.Length ? slots[handle] : null;
        Invariant.Holds(slot is not null, "a set of memslots holds only handles that were given out");
        return slot;
    }

    // kzalloc().
    public Memslot Allocate()
    {
        ulong handle = freed.Count > Quarantine ? freed.Dequeue() : (ulong)used++;
        var slot = new Memslot(machine, handle);
        if (handle >= (ulong)slots.Length)
        {
            var larger = new Memslot?[slots.Length * 2];
            Array.Copy(slots, larger, slots.Length);
            larger[handle] = slot;
            slots = larger;
        }
        else
        {
            slots[handle] = slot;
        }

        return slot;
    }

    // kfree().
    public void Free(Cpu cpu, Memslot slot)
    {
        slot.Free(cpu);
        freed.Enqueue(slot.Handle);
    }
}
