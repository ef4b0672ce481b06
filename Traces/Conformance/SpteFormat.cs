namespace MmuStress.Traces;

/// <summary>What the bits of every present SPTE have in common.</summary>
/// <remarks>
/// Mirrors: make_spte(), make_nonleaf_spte(), check_spte_writable_invariants(), arch/x86/kvm/mmu/spte.c, spte.h (v6.1 and v6.12), as NPT and EPT have them.
/// Differs: what kernels before 5.13 do, where bit 11 is another one, is not known here.
/// </remarks>
internal static class SpteFormat
{
    private const ulong NptTable = 0x827;
    private const ulong NptTableMask = 0xfff;
    private const ulong NptPresent = 0x805; // MMU-present, present, user
    private const ulong NptNever = 0x118; // PWT, PCD, global
    private const ulong NptSoftware = 0x7fUL << 52; // how A and D are tracked, as EPT has it
    private const ulong NoExecute = 1UL << 63; // of huge pages, which exploits of iTLB multihit need
    private const ulong ProtectionKey = 0xfUL << 59;
    private const ulong Pat = 1UL << 7; // of a huge page: that it is one
    private const ulong Writable = 1UL << 1;
    private const int FrameBits = 9;

    /// <summary>What is wrong with an entry; null where nothing is.</summary>
    public static string? Problem(ulong spte, int level, SpteBits bits)
    {
        if (!SpteBits.IsPresent(spte))
        {
            return null;
        }

        bool isNpt = bits == SpteBits.Npt;
        bool isLeaf = SpteBits.IsLeaf(spte, level);
        if ((spte & ProtectionKey) != 0 || (isNpt && ((spte & (NptNever | NptSoftware)) != 0 || (spte & NptPresent) != NptPresent || (level == 1 && (spte & (Pat | NoExecute)) != 0))))
        {
            return $"the SPTE {spte:x} has bits that KVM never sets together";
        }

        if (!isLeaf)
        {
            return isNpt && (spte & NptTableMask) != NptTable ? $"the SPTE {spte:x} of a table has bits that KVM never sets together" : null;
        }

        (ulong host, ulong mmu) = isNpt ? (1UL << 9, 1UL << 10) : (1UL << 57, 1UL << 58);
        return (spte & mmu) != 0 && (spte & host) == 0 ? $"the SPTE {spte:x} is MMU-writable, but not host-writable"
            : (spte & mmu) == 0 && (spte & Writable) != 0 ? $"the SPTE {spte:x} is writable, but not MMU-writable"
            : (SpteBits.ToPfn(spte) & ((1UL << (FrameBits * (level - 1))) - 1)) != 0 ? $"the SPTE {spte:x} of level {level} begins in the middle of a huge page"
            : null;
    }
}
