namespace MmuStress.Traces;

/// <summary>Pages of a memslot that an act touches.</summary>
/// <param name="Slot">The memslot as it is then.</param>
/// <param name="From">The first page, counted in the memslot.</param>
/// <param name="To">The first one behind.</param>
internal readonly record struct Cover(GuestSlot Slot, ulong From, ulong To)
{
    public bool Meets(in Cover other) => Slot.Number == other.Slot.Number && From < other.To && other.From < To;
}
