using MmuStress.Mmu;

namespace MmuStress.Traces;

/// <summary>Guest frames that are backed by consecutive host pages: a memslot of a window, one that a marker names, or a part of one that was learned.</summary>
/// <param name="Number">The memslot's number, from 0; learned ones are all number 0.</param>
/// <param name="Gfn">The first guest frame; a window's are from 1.</param>
/// <param name="Pages">How many pages there are; 0 in a marker of one that goes.</param>
/// <param name="Page">The number of the first host page: its virtual address without the offset; a window's are from 1.</param>
/// <param name="Flags">KVM_MEM_LOG_DIRTY_PAGES and KVM_MEM_READONLY; no other is kept.</param>
public sealed record GuestSlot(int Number, ulong Gfn, ulong Pages, ulong Page, MemslotFlags Flags)
{
    private const MemslotFlags Kept = MemslotFlags.LogDirtyPages | MemslotFlags.ReadOnly;

    /// <summary>Whether writes are tracked.</summary>
    public bool LogsDirtyPages => (Flags & MemslotFlags.LogDirtyPages) != MemslotFlags.None;

    /// <summary>Whether the guest can only read it.</summary>
    public bool IsReadOnly => (Flags & MemslotFlags.ReadOnly) != MemslotFlags.None;

    internal static GuestSlot Of(in SlotMarker marker) => new(marker.Slot, marker.FirstGfn, marker.Pages, marker.Hva >> PageSize.Shift, (MemslotFlags)marker.Flags & Kept);

    internal bool HasGfn(ulong gfn) => Gfn <= gfn && gfn < Gfn + Pages;
}
