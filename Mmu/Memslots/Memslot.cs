namespace MmuStress.Mmu;

/// <summary>A piece of guest physical memory and where the host process has it.</summary>
/// <remarks>
/// <para>
/// <b>Guarantee.</b> Nothing of a memslot changes after it was published, so readers need SRCU and no lock; it is freed only when the last
/// reader that could see it has left.
/// </para>
/// <para>Its fields are words of a freeable block and are read plainly: a reader outside SRCU is a data race or a use after free.</para>
/// Mirrors: struct kvm_memory_slot, include/linux/kvm_host.h (v6.8).
/// Locking: read under kvm->srcu or slots_lock; written before it is published.
/// Differs: the tree nodes are in the sets; slot->arch has only flags that no posting here uses.
/// </remarks>
public sealed class Memslot
{
    private const int IdField = 0;
    private const int BaseGfnField = 1;
    private const int NpagesField = 2;
    private const int UserspaceAddrField = 3;
    private const int FlagsField = 4;
    private const int DirtyBitmapField = 5;
    private const int AddressSpaceField = 6;

    private static readonly BlockKind Kind = new("struct kvm_memory_slot", MmuInvariants.SlotLifetime);
    private static readonly string[] Fields =
        ["slot.id", "slot.base_gfn", "slot.npages", "slot.userspace_addr", "slot.flags", "slot.dirty_bitmap", "slot.as_id"];

    private readonly Block block;
    private DirtyBitmap? dirtyBitmap;

    internal Memslot(Multiprocessor machine, ulong handle)
    {
        block = machine.Memory.Allocate("kvm_memory_slot", Fields.Length, Kind, Fields);
        Handle = handle;
    }

    /// <summary>What stands for the slot's address in a set.</summary>
    internal ulong Handle { get; }

    /// <summary>Whether it was freed; for checkers.</summary>
    public bool IsFreed => block.IsFreed;

    /// <summary>The memslot's number.</summary>
    /// <param name="cpu">The reader.</param>
    /// <returns>id.</returns>
    public int Id(Cpu cpu) => (int)cpu.Read(block[IdField]);

    /// <summary>The address space it is in.</summary>
    /// <param name="cpu">The reader.</param>
    /// <returns>as_id.</returns>
    public int AddressSpace(Cpu cpu) => (int)cpu.Read(block[AddressSpaceField]);

    /// <summary>Its first guest frame.</summary>
    /// <param name="cpu">The reader.</param>
    /// <returns>base_gfn.</returns>
    public Gfn BaseGfn(Cpu cpu) => new(cpu.Read(block[BaseGfnField]));

    /// <summary>How many pages it has.</summary>
    /// <param name="cpu">The reader.</param>
    /// <returns>npages.</returns>
    public ulong Npages(Cpu cpu) => cpu.Read(block[NpagesField]);

    /// <summary>Where the host process has its first page.</summary>
    /// <param name="cpu">The reader.</param>
    /// <returns>userspace_addr.</returns>
    public Hva UserspaceAddr(Cpu cpu) => new(cpu.Read(block[UserspaceAddrField]));

    /// <summary>What it is for.</summary>
    /// <param name="cpu">The reader.</param>
    /// <returns>flags.</returns>
    public MemslotFlags Flags(Cpu cpu) => (MemslotFlags)cpu.Read(block[FlagsField]);

    /// <summary>Which pages were written; null where that is not tracked.</summary>
    /// <param name="cpu">The reader.</param>
    /// <returns>dirty_bitmap.</returns>
    public DirtyBitmap? DirtyBitmap(Cpu cpu) => cpu.Read(block[DirtyBitmapField]) == 0 ? null : dirtyBitmap;

    /// <summary>The guest frames it covers.</summary>
    /// <param name="cpu">The reader.</param>
    /// <returns>The range.</returns>
    public GfnRange Gfns(Cpu cpu)
    {
        Gfn first = BaseGfn(cpu);
        return new GfnRange(first, first + Npages(cpu));
    }

    /// <summary>__gfn_to_hva_memslot(): where the host process has a guest frame.</summary>
    /// <param name="cpu">The reader.</param>
    /// <param name="gfn">A frame of the memslot.</param>
    /// <returns>Its address.</returns>
    public Hva HvaOf(Cpu cpu, Gfn gfn) => UserspaceAddr(cpu) + ((gfn - BaseGfn(cpu)) << PageSize.Shift);

    /// <summary>memslot_is_readonly().</summary>
    /// <param name="cpu">The reader.</param>
    /// <returns>True when it is.</returns>
    public bool IsReadOnly(Cpu cpu) => (Flags(cpu) & MemslotFlags.ReadOnly) != MemslotFlags.None;

    /// <summary>kvm_slot_dirty_track_enabled().</summary>
    /// <param name="cpu">The reader.</param>
    /// <returns>True when it is.</returns>
    public bool IsDirtyTrackEnabled(Cpu cpu) => (Flags(cpu) & MemslotFlags.LogDirtyPages) != MemslotFlags.None;

    /// <summary>What it is now, for checkers: read by nobody, and false of nothing that was freed.</summary>
    /// <returns>Number, frames, first host page, flags.</returns>
    public (int Id, GfnRange Gfns, Hva UserspaceAddr, MemslotFlags Flags) Peek()
    {
        var first = new Gfn(block[BaseGfnField].Peek);
        return ((int)block[IdField].Peek, new GfnRange(first, first + block[NpagesField].Peek), new Hva(block[UserspaceAddrField].Peek),
            (MemslotFlags)block[FlagsField].Peek);
    }

    internal void Initialise(Cpu cpu, in UserspaceMemoryRegion region)
    {
        cpu.Write(block[IdField], (ulong)region.Slot);
        cpu.Write(block[AddressSpaceField], (ulong)region.AddressSpace);
        cpu.Write(block[BaseGfnField], region.GuestPhysAddr.Gfn.Value);
        cpu.Write(block[NpagesField], region.MemorySize >> PageSize.Shift);
        cpu.Write(block[UserspaceAddrField], region.UserspaceAddr.Value);
        cpu.Write(block[FlagsField], (ulong)region.Flags);
    }

    // kvm_copy_memslot(), and KVM_MEMSLOT_INVALID on the copy.
    internal void InitialiseAsInvalid(Cpu cpu, Memslot old)
    {
        for (int field = 0; field < Fields.Length; field++)
        {
            cpu.Write(block[field], cpu.Read(old.block[field]));
        }

        dirtyBitmap = old.dirtyBitmap;
        cpu.Write(block[FlagsField], (ulong)(old.Flags(cpu) | MemslotFlags.Invalid));
    }

    internal void SetDirtyBitmap(Cpu cpu, DirtyBitmap? bitmap)
    {
        dirtyBitmap = bitmap;
        cpu.Write(block[DirtyBitmapField], bitmap is null ? 0UL : 1);
    }

    // kfree().
    internal void Free(Cpu cpu) => cpu.Machine.Memory.Free(cpu, block);
}
