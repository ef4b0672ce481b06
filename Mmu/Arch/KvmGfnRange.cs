namespace MmuStress.Mmu;

/// <summary>The part of a notification that falls into one memslot.</summary>
/// <remarks>Mirrors: struct kvm_gfn_range, include/linux/kvm_host.h (v6.8).</remarks>
/// <param name="Slot">The memslot.</param>
/// <param name="Range">The guest frames.</param>
/// <param name="MayBlock">Whether the handler may sleep, dropping mmu_lock.</param>
/// <param name="Pte">The new host entry, for change_pte.</param>
public readonly record struct KvmGfnRange(Memslot Slot, GfnRange Range, bool MayBlock = false, HostPte Pte = default)
{
    /// <summary>The first frame.</summary>
    public Gfn Start => Range.Start;

    /// <summary>The frame after the last.</summary>
    public Gfn End => Range.End;
}
