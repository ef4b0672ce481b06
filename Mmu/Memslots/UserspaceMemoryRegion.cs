namespace MmuStress.Mmu;

/// <summary>The argument of KVM_SET_USER_MEMORY_REGION.</summary>
/// <remarks>Mirrors: struct kvm_userspace_memory_region, with the address space in its own field.</remarks>
/// <param name="Slot">The memslot's number.</param>
/// <param name="Flags">What it is for.</param>
/// <param name="GuestPhysAddr">Where the guest sees it.</param>
/// <param name="MemorySize">How many bytes it has; 0 deletes it.</param>
/// <param name="UserspaceAddr">Where the host process has it.</param>
/// <param name="AddressSpace">The address space.</param>
public readonly record struct UserspaceMemoryRegion(
    int Slot,
    MemslotFlags Flags,
    Gpa GuestPhysAddr,
    ulong MemorySize,
    Hva UserspaceAddr,
    int AddressSpace = 0)
{
    /// <summary>The region of whole pages that starts at <paramref name="gfn"/>.</summary>
    /// <param name="slot">The memslot's number.</param>
    /// <param name="gfn">Its first guest frame.</param>
    /// <param name="pageCount">How many pages; 0 deletes it.</param>
    /// <param name="hvaPage">The number of its first host page.</param>
    /// <param name="flags">What it is for.</param>
    /// <param name="addressSpace">The address space.</param>
    /// <returns>The region.</returns>
    public static UserspaceMemoryRegion OfPages(
        int slot,
        ulong gfn,
        ulong pageCount,
        ulong hvaPage,
        MemslotFlags flags = MemslotFlags.None,
        int addressSpace = 0) =>
        new(slot, flags, new Gfn(gfn).Gpa, pageCount << PageSize.Shift, Hva.OfPage(hvaPage), addressSpace);

    /// <summary>The region that deletes a memslot.</summary>
    /// <param name="slot">The memslot's number.</param>
    /// <param name="addressSpace">The address space.</param>
    /// <returns>The region.</returns>
    public static UserspaceMemoryRegion Deletion(int slot, int addressSpace = 0) => OfPages(slot, 0, 0, 0, MemslotFlags.None, addressSpace);
}
