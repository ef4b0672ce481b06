using MmuStress.Mmu;

namespace MmuStress.Traces;

/// <summary>A memslot as a marker names it: number, flags, guest physical range, host virtual address.</summary>
internal readonly record struct SlotMarker(int Slot, ulong Flags, ulong Gpa, ulong End, ulong Hva)
{
    /// <summary>"op=N begin set_user_memory_region slot=0 flags=0 gpa=[0,10000) hva=7f18cf5ac000".</summary>
    public static SlotMarker? Parse(ReadOnlySpan<byte> text)
    {
        if (!Fields.TryDecimal(text, "slot="u8, out ulong slot) || !Fields.TryDecimal(text, "flags="u8, out ulong flags)
            || !Fields.TryHex(text, "gpa=["u8, out ulong gpa) || !Fields.TryHex(text, "hva="u8, out ulong hva))
        {
            return null;
        }

        int comma = text.IndexOf((byte)',');
        return comma >= 0 && Fields.TryHex(text[(comma + 1)..], ""u8, out ulong end)
            ? new SlotMarker((int)slot, flags, gpa, end, hva)
            : null;
    }

    public ulong FirstGfn => Gpa >> PageSize.Shift;

    public ulong Pages => (End - Gpa) >> PageSize.Shift;

    public bool Has(ulong start, ulong end) => start < Hva + (End - Gpa) && end > Hva;

    public override string ToString() => $"slot {Slot}: gpa [{Gpa:x}, {End:x}) hva {Hva:x} flags {Flags:x}";
}
