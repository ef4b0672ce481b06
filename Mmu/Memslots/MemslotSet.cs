namespace MmuStress.Mmu;

/// <summary>One of the two sets of memslots of an address space, sorted by guest frame.</summary>
/// <remarks>
/// Mirrors: struct kvm_memslots, search_memslots(), id_to_memslot(), kvm_replace_memslot() (v6.8).
/// Locking: the active set is read under kvm->srcu or slots_lock; the inactive one is written under slots_lock and slots_arch_lock.
/// Differs: a sorted array instead of a tree, an interval tree and a hash; no last_used_slot.
/// </remarks>
public sealed class MemslotSet
{
    private const int GenerationField = 0;
    private const int UsedField = 1;
    private const int FirstSlotField = 2;

    private static readonly BlockKind Kind = new("struct kvm_memslots", MmuInvariants.SlotLifetime);

    private readonly Block block;
    private readonly NumberTable<Memslot> table;

    internal MemslotSet(Multiprocessor machine, NumberTable<Memslot> table, int limit, int addressSpace)
    {
        block = machine.Memory.Allocate("kvm_memslots", FirstSlotField + limit, Kind);
        block[GenerationField].Initialise((ulong)addressSpace);
        this.table = table;
        Limit = limit;
    }

    /// <summary>How many memslots there can be.</summary>
    public int Limit { get; }

    /// <summary>The generation; bit 63 says that an update is in progress.</summary>
    /// <remarks>Differs: marked, as it is written once more after it was published.</remarks>
    public Word Generation => block[GenerationField];

    /// <summary>How many memslots there are.</summary>
    /// <param name="cpu">The reader.</param>
    /// <returns>The number.</returns>
    public int Count(Cpu cpu) => (int)cpu.Read(block[UsedField]);

    /// <summary>The memslot at <paramref name="index"/>, in the order of guest frames.</summary>
    /// <param name="cpu">The reader.</param>
    /// <param name="index">From 0.</param>
    /// <returns>The memslot.</returns>
    public Memslot At(Cpu cpu, int index) => table[cpu.Read(block[FirstSlotField + index])]!;

    /// <summary>search_memslots(): the memslot that covers a guest frame.</summary>
    /// <param name="cpu">The reader.</param>
    /// <param name="gfn">The frame.</param>
    /// <returns>The memslot, or null.</returns>
    public Memslot? GfnToMemslot(Cpu cpu, Gfn gfn)
    {
        int count = Count(cpu);
        for (int i = 0; i < count; i++)
        {
            Memslot slot = At(cpu, i);
            Gfn first = slot.BaseGfn(cpu);
            if (gfn < first)
            {
                return null;
            }

            if (gfn - first < slot.Npages(cpu))
            {
                return slot;
            }
        }

        return null;
    }

    /// <summary>id_to_memslot(): the memslot with a number.</summary>
    /// <param name="cpu">The reader.</param>
    /// <param name="id">The number.</param>
    /// <returns>The memslot, or null.</returns>
    public Memslot? IdToMemslot(Cpu cpu, int id)
    {
        int count = Count(cpu);
        for (int i = 0; i < count; i++)
        {
            Memslot slot = At(cpu, i);
            if (slot.Id(cpu) == id)
            {
                return slot;
            }
        }

        return null;
    }

    /// <summary>kvm_check_memslot_overlap(): whether another memslot covers a frame of <paramref name="range"/>.</summary>
    /// <param name="cpu">The reader.</param>
    /// <param name="id">The number of the memslot that is to cover the range.</param>
    /// <param name="range">The range.</param>
    /// <returns>True when one does.</returns>
    public bool Overlaps(Cpu cpu, int id, GfnRange range)
    {
        int count = Count(cpu);
        for (int i = 0; i < count; i++)
        {
            Memslot slot = At(cpu, i);
            GfnRange other = slot.Gfns(cpu);
            if (slot.Id(cpu) != id && other.Start < range.End && range.Start < other.End)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The memslots, for checkers: read by nobody.</summary>
    /// <returns>The memslots in the order of guest frames.</returns>
    public Memslot[] Peek()
    {
        var slots = new Memslot[block[UsedField].Peek];
        for (int i = 0; i < slots.Length; i++)
        {
            slots[i] = table[block[FirstSlotField + i].Peek]!;
        }

        return slots;
    }

    /// <summary>The memslot that holds a guest frame, for checkers: read by nobody.</summary>
    /// <param name="gfn">The frame.</param>
    /// <returns>The memslot; null where there is none.</returns>
    public Memslot? PeekMemslot(Gfn gfn)
    {
        int count = (int)block[UsedField].Peek;
        for (int i = 0; i < count; i++)
        {
            Memslot slot = table[block[FirstSlotField + i].Peek]!;
            if (slot.Peek().Gfns.Contains(gfn))
            {
                return slot;
            }
        }

        return null;
    }

    // kvm_replace_memslot(), on the inactive set.
    internal void Replace(Cpu cpu, Memslot? old, Memslot? @new)
    {
        int count = Count(cpu);
        if (old is not null)
        {
            int index = 0;
            while (cpu.Read(block[FirstSlotField + index]) != old.Handle)
            {
                index++;
                Invariant.Holds(index < count, "a memslot that is replaced is in the set");
            }

            count--;
            for (; index < count; index++)
            {
                cpu.Write(block[FirstSlotField + index], cpu.Read(block[FirstSlotField + index + 1]));
            }
        }

        if (@new is not null)
        {
            Gfn first = @new.BaseGfn(cpu);
            int index = count;
            for (; index > 0 && first < At(cpu, index - 1).BaseGfn(cpu); index--)
            {
                cpu.Write(block[FirstSlotField + index], cpu.Read(block[FirstSlotField + index - 1]));
            }

            cpu.Write(block[FirstSlotField + index], @new.Handle);
            count++;
        }

        cpu.Write(block[UsedField], (ulong)count);
    }
}
