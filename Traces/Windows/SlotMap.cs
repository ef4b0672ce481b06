using MmuStress.Mmu;

namespace MmuStress.Traces;

/// <summary>Which host page is behind which guest frame: from markers, or else from what faults and invalidations give away.</summary>
/// <remarks>
/// Without markers all frames are of one memslot, and of the host pages those are known that an event told together with their frame: a fault that
/// breaks copy-on-write by an invalidation of its page, a probe that prints both, an invalidation that zaps each of its pages.
/// </remarks>
internal sealed class SlotMap
{
    private const int MostLearned = 32;
    private static readonly GuestSlot Everything = new(0, 0, ulong.MaxValue, 0, MemslotFlags.None);
    private readonly List<GuestSlot> slots = [];
    private readonly List<GuestSlot> learned = [];

    /// <summary>Whether markers name the memslots.</summary>
    public bool HasMarkers { get; private set; }

    /// <summary>Where a memslot goes that is being moved; null where none is.</summary>
    public GuestSlot? Moving { get; set; }

    /// <summary>All of them, by markers.</summary>
    public IReadOnlyList<GuestSlot> All => slots;

    public GuestSlot? Find(int number) => slots.Find(s => s.Number == number);

    public GuestSlot? OfGfn(ulong gfn)
    {
        if (!HasMarkers)
        {
            return Everything;
        }

        foreach (GuestSlot slot in slots)
        {
            if (slot.HasGfn(gfn))
            {
                return slot;
            }
        }

        return Moving is { } moving && moving.HasGfn(gfn) ? moving : null;
    }

    /// <summary>A memslot as a marker says; one without pages is gone.</summary>
    public void Set(GuestSlot slot)
    {
        HasMarkers = true;
        slots.RemoveAll(s => s.Number == slot.Number);
        if (slot.Pages > 0)
        {
            slots.Add(slot);
        }
    }

    /// <summary>A host page is behind a frame.</summary>
    public void Learn(ulong gfn, ulong page)
    {
        if (HasMarkers)
        {
            return;
        }

        for (int i = 0; i < learned.Count; i++)
        {
            GuestSlot part = learned[i];
            bool isSame = part.Page - part.Gfn == page - gfn;
            if (isSame)
            {
                ulong first = Math.Min(part.Gfn, gfn);
                learned[i] = part with { Gfn = first, Page = part.Page - (part.Gfn - first), Pages = Math.Max(part.Gfn + part.Pages, gfn + 1) - first };
                return;
            }

            if (part.HasGfn(gfn))
            {
                learned.RemoveAt(i--); // something else is there by now
            }
        }

        if (learned.Count >= MostLearned)
        {
            learned.RemoveAt(0);
        }

        learned.Add(new GuestSlot(0, gfn, 1, page, MemslotFlags.None));
    }

    /// <summary>What of the memslots lies in a range of host virtual addresses.</summary>
    public void Clip(ulong start, ulong end, List<Cover> covers)
    {
        (ulong from, ulong to) = (start >> PageSize.Shift, (end + PageSize.Bytes - 1) >> PageSize.Shift);
        foreach (GuestSlot slot in HasMarkers ? slots : learned)
        {
            if (from < slot.Page + slot.Pages && slot.Page < to)
            {
                (ulong first, ulong last) = (Math.Max(from, slot.Page) - slot.Page, Math.Min(to, slot.Page + slot.Pages) - slot.Page);
                covers.Add(HasMarkers ? new Cover(slot, first, last) : new Cover(Everything, slot.Gfn + first, slot.Gfn + last));
            }
        }
    }
}
