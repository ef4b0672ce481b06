using MmuStress.Mmu;

namespace MmuStress.Traces;

/// <summary>What the bits of an SPTE say, of NPT and of EPT.</summary>
/// <remarks>Mirrors: arch/x86/kvm/mmu/spte.h (v6.1 and v6.12).</remarks>
/// <param name="Accessed">shadow_accessed_mask.</param>
/// <param name="Dirty">shadow_dirty_mask.</param>
internal sealed record SpteBits(ulong Accessed, ulong Dirty)
{
    /// <summary>Not a value: what the entry holds is not known.</summary>
    public const ulong Unknown = ulong.MaxValue;

    /// <summary>SHADOW_NONPRESENT_VALUE until 6.8; from then on bit 63 is set as well.</summary>
    public const ulong Empty = 0;

    private const ulong Writable = 1UL << 1;
    private const ulong MmuPresent = 1UL << 11;
    private const ulong Huge = 1UL << 7;
    private const ulong SuppressVe = 1UL << 63;
    private const ulong Frozen = 0x5a0;
    private const ulong EptWriteBack = 1UL << 4; // PCD in NPT, which KVM does not set
    private const ulong PfnMask = (1UL << 35) - 1; // bits of memory encryption are above: shadow_me_value

    /// <summary>AMD's nested page tables, and shadow page tables.</summary>
    public static SpteBits Npt { get; } = new(1UL << 5, 1UL << 6);

    /// <summary>Intel's extended page tables.</summary>
    public static SpteBits Ept { get; } = new(1UL << 8, 1UL << 9);

    /// <summary>Which of the two an entry is of: tables have A set from the start, and leaves of EPT a memory type.</summary>
    /// <returns>Null where it does not tell.</returns>
    public static SpteBits? Recognize(ulong spte, int level) =>
        !IsPresent(spte) ? null
        : !IsLeaf(spte, level) ? ((spte & Npt.Accessed) != 0 ? Npt : Ept)
        : (spte & EptWriteBack) != 0 ? Ept : null;

    /// <summary>Whether it is MMU-present: a table or a leaf.</summary>
    public static bool IsPresent(ulong spte) => spte != Unknown && (spte & MmuPresent) != 0;

    /// <summary>Whether it maps memory.</summary>
    public static bool IsLeaf(ulong spte, int level) => IsPresent(spte) && (level == 1 || IsHuge(spte));

    /// <summary>Whether it maps more than a page, if it is above the last level.</summary>
    public static bool IsHuge(ulong spte) => (spte & Huge) != 0;

    /// <summary>Whether nothing is there: never set, zapped, or frozen since its table goes. MMIO entries are not empty.</summary>
    public static bool IsEmpty(ulong spte) => (spte & ~SuppressVe) is Empty or Frozen;

    /// <summary>Whether hardware lets writes through.</summary>
    public static bool IsWritable(ulong spte) => IsPresent(spte) && (spte & Writable) != 0;

    /// <summary>The same, with the right to write.</summary>
    public static ulong MakeWritable(ulong spte) => spte | Writable;

    /// <summary>The page that a leaf maps, or the table.</summary>
    public static ulong ToPfn(ulong spte) => (spte >> PageSize.Shift) & PfnMask;

    /// <summary>Whether a huge page is split: a leaf above the last level becomes a table.</summary>
    public static bool IsSplit(ulong old, ulong now, int level) => level > 1 && IsLeaf(old, level) && IsPresent(now) && !IsLeaf(now, level);

    /// <summary>What an entry of the table holds into which a huge page is split: make_huge_page_split_spte().</summary>
    /// <param name="huge">The huge page's entry.</param>
    /// <param name="level">The level of the table's entries.</param>
    /// <param name="frames">How many frames behind the first of the huge page.</param>
    public static ulong MakeSplit(ulong huge, int level, ulong frames) => (level == 1 ? huge & ~Huge : huge) + (frames << PageSize.Shift);

    /// <summary>Whether an entry that holds <paramref name="held"/> can be seen as <paramref name="seen"/>: hardware sets A at any time, and D where it lets writes through.</summary>
    public bool CanBe(ulong held, ulong seen)
    {
        if (held == Unknown || (IsEmpty(held) && IsEmpty(seen)))
        {
            return true;
        }

        ulong byHardware = IsPresent(held) ? Accessed | Dirty : 0;
        return (held & ~byHardware) == (seen & ~byHardware) && !IsDirtyWithoutWrite(held, seen);
    }

    /// <summary>Whether only a write could have made it dirty, and nothing could write.</summary>
    public bool IsDirtyWithoutWrite(ulong held, ulong seen) =>
        IsPresent(held) && IsPresent(seen) && (seen & Dirty) != 0 && (held & Dirty) == 0 && !IsWritable(held);
}
