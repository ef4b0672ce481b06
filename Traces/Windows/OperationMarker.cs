namespace MmuStress.Traces;

/// <summary>What a program says that it does, in a marker "op=N begin KIND ...".</summary>
internal static class OperationMarker
{
    /// <summary>What a beginning operation is; none for a marker that begins nothing that is known.</summary>
    /// <param name="text">The marker.</param>
    /// <returns>What; <see cref="ActKind.SetFlags"/> for any change of a memslot.</returns>
    public static ActKind Parse(ReadOnlySpan<byte> text)
    {
        int at = text.IndexOf(" begin "u8);
        if (at < 0 || !text.StartsWith("op="u8))
        {
            return ActKind.None;
        }

        ReadOnlySpan<byte> kind = text[(at + " begin "u8.Length)..];
        int end = kind.IndexOf((byte)' ');
        kind = end < 0 ? kind : kind[..end];
        return Has(kind, "set_user_memory_region"u8) ? ActKind.SetFlags
            : Has(kind, "get_dirty_log"u8) ? ActKind.GetDirtyLog
            : Has(kind, "clear_dirty_log"u8) ? ActKind.ClearDirtyLog
            : Has(kind, "dontneed"u8) || Has(kind, "reclaim"u8) || Has(kind, "pageout"u8) || Has(kind, "madvise_free"u8) ? ActKind.Unmap
            : Has(kind, "munmap"u8) || Has(kind, "mmap_fixed"u8) ? ActKind.Munmap
            : Has(kind, "mremap_back"u8) ? ActKind.Unmap
            : Has(kind, "mremap"u8) ? ActKind.Mremap
            : Has(kind, "punch"u8) || Has(kind, "truncate"u8) || Has(kind, "fallocate"u8) ? ActKind.PunchHole
            : Has(kind, "mprotect_none"u8) ? ActKind.ProtectNone
            : Has(kind, "mprotect_rw"u8) || Has(kind, "wp_resolve"u8) ? ActKind.Unprotect
            : Has(kind, "mprotect"u8) || Has(kind, "_wp"u8) || Has(kind, "softdirty"u8) ? ActKind.Protect
            : Has(kind, "fork"u8) ? ActKind.Fork
            : Has(kind, "collapse"u8) || Has(kind, "hugepage"u8) ? ActKind.Collapse
            : Has(kind, "compact"u8) || Has(kind, "migrate"u8) || Has(kind, "move_pages"u8) ? ActKind.Migrate
            : Has(kind, "ksm"u8) || Has(kind, "merge"u8) ? ActKind.Merge
            : Has(kind, "write"u8) || Has(kind, "memset"u8) ? ActKind.Cow
            : ActKind.None;
    }

    /// <summary>What a thread of the kernel does when it invalidates, by its name.</summary>
    /// <param name="comm">The name.</param>
    /// <returns>What; none where the name says nothing.</returns>
    public static ActKind OfTask(string comm) =>
        comm.StartsWith("ksmd", StringComparison.Ordinal) ? ActKind.Merge
        : comm.StartsWith("khugepaged", StringComparison.Ordinal) ? ActKind.Collapse
        : comm.StartsWith("kcompactd", StringComparison.Ordinal) || comm.StartsWith("migration/", StringComparison.Ordinal) ? ActKind.Migrate
        : comm.StartsWith("kswapd", StringComparison.Ordinal) ? ActKind.Unmap
        : ActKind.None;

    /// <summary>What an invalidation is for, by the event that mn_start prints.</summary>
    /// <param name="notifierEvent">enum mmu_notifier_event, include/linux/mmu_notifier.h (v6.12).</param>
    /// <returns>What.</returns>
    public static ActKind OfEvent(ulong notifierEvent) => notifierEvent switch
    {
        0 => ActKind.Munmap, // MMU_NOTIFY_UNMAP
        2 or 4 => ActKind.Protect, // MMU_NOTIFY_PROTECTION_VMA, MMU_NOTIFY_SOFT_DIRTY
        3 => ActKind.Fork, // MMU_NOTIFY_PROTECTION_PAGE
        6 => ActKind.Migrate, // MMU_NOTIFY_MIGRATE
        _ => ActKind.Unmap, // MMU_NOTIFY_CLEAR, and what else takes pages away
    };

    private static bool Has(ReadOnlySpan<byte> kind, ReadOnlySpan<byte> word) => kind.IndexOf(word) >= 0;
}
