namespace MmuStress.Traces;

/// <summary>Guest frames that are backed by consecutive host pages: a memslot that a marker names, or a part of one that was learned.</summary>
/// <param name="Number">The memslot's number; learned ones count from 0, too.</param>
/// <param name="Gfn">The first frame.</param>
/// <param name="Pages">How many.</param>
/// <param name="Page">The number of the first host page: its virtual address without the offset.</param>
/// <param name="Flags">KVM_MEM_LOG_DIRTY_PAGES is 1, KVM_MEM_READONLY is 2.</param>
internal sealed record GuestSlot(int Number, ulong Gfn, ulong Pages, ulong Page, ulong Flags)
{
    public const ulong LogDirtyPages = 1;
    public const ulong ReadOnly = 2;

    public static GuestSlot Of(in SlotMarker marker) =>
        new(marker.Slot, marker.Gpa >> SlotMap.PageShift, (marker.End - marker.Gpa) >> SlotMap.PageShift, marker.Hva >> SlotMap.PageShift, marker.Flags);

    public bool HasGfn(ulong gfn) => Gfn <= gfn && gfn < Gfn + Pages;
}
