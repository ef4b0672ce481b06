namespace MmuStress.Mmu;

/// <summary>The names of the properties that the mirrored code itself checks, beside those of <see cref="MachineInvariants"/>.</summary>
public static class MmuInvariants
{
    /// <summary>No WARN_ON and no BUG_ON of the mirrored code fires (I7 among others).</summary>
    public const string NoKernelWarning = nameof(NoKernelWarning);

    /// <summary>A memslot, and its dirty bitmap, is not used after it was freed (I8).</summary>
    public const string SlotLifetime = nameof(SlotLifetime);

    /// <summary>A page-table page is not linked, walked, written or freed after it was freed (I4).</summary>
    public const string NoTableUseAfterFree = nameof(NoTableUseAfterFree);

    /// <summary>Every page-table page is freed in the end (I4).</summary>
    public const string NoTableLeak = nameof(NoTableLeak);
}
