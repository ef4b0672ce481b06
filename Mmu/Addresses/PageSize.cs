namespace MmuStress.Mmu;

/// <summary>The size of a page of the host and of the guest.</summary>
/// <remarks>Mirrors: PAGE_SHIFT and PAGE_SIZE of a kernel with 4 KiB pages.</remarks>
public static class PageSize
{
    /// <summary>PAGE_SHIFT.</summary>
    public const int Shift = 12;

    /// <summary>PAGE_SIZE.</summary>
    public const ulong Bytes = 1UL << Shift;
}
