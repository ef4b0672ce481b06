namespace MmuStress.Traces;

/// <summary>Whether a fault must be tried again, from what its probe saw.</summary>
/// <remarks>
/// Mirrors: mmu_invalidate_retry_hva() (v6.1) and mmu_invalidate_retry_gfn() (v6.12), include/linux/kvm_host.h; is_page_fault_stale(),
/// arch/x86/kvm/mmu/mmu.c.
/// </remarks>
internal static class StalenessRule
{
    private const ulong HighestUserAddress = 0x00ff_ffff_ffff_ffff;

    /// <summary>Whether the rule says stale; null where it is not known by what the range goes and that decides.</summary>
    public static bool? IsStale(in TraceRecord check, bool? byGfn)
    {
        if (check.D != check.C)
        {
            return true;
        }

        if (check.E == 0)
        {
            return false;
        }

        bool gfn = check.F <= check.A && check.A < check.G;
        bool hva = check.F <= check.B && check.B < check.G;
        return byGfn is { } known ? (known ? gfn : hva) : gfn == hva ? gfn : null;
    }

    /// <summary>Whether the fault has a memslot; without one it is never stale.</summary>
    public static bool HasSlot(in TraceRecord check) => check.B is not 0 and <= HighestUserAddress;
}
