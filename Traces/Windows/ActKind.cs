namespace MmuStress.Traces;

/// <summary>What an act of a window is.</summary>
internal enum ActKind : byte
{
    /// <summary>Nothing that changes what is mapped.</summary>
    None,

    /// <summary>A guest's read or fetch.</summary>
    Read,

    /// <summary>A guest's write.</summary>
    Write,

    /// <summary>MADV_DONTNEED, reclaim, or an invalidation about which nothing more is known.</summary>
    Unmap,

    /// <summary>munmap().</summary>
    Munmap,

    /// <summary>A hole punched into shared memory, or its truncation.</summary>
    PunchHole,

    /// <summary>mprotect() to read-only, and what else takes the right to write away.</summary>
    Protect,

    /// <summary>mprotect() to none.</summary>
    ProtectNone,

    /// <summary>mprotect() to read and write.</summary>
    Unprotect,

    /// <summary>mremap() away.</summary>
    Mremap,

    /// <summary>fork().</summary>
    Fork,

    /// <summary>A write by the process that breaks copy-on-write.</summary>
    Cow,

    /// <summary>KSM.</summary>
    Merge,

    /// <summary>khugepaged, MADV_COLLAPSE.</summary>
    Collapse,

    /// <summary>Compaction and other migration.</summary>
    Migrate,

    /// <summary>A memslot is deleted.</summary>
    DeleteSlot,

    /// <summary>A memslot is created.</summary>
    CreateSlot,

    /// <summary>A memslot is moved.</summary>
    MoveSlot,

    /// <summary>A memslot's flags change.</summary>
    SetFlags,

    /// <summary>KVM_GET_DIRTY_LOG.</summary>
    GetDirtyLog,

    /// <summary>KVM_CLEAR_DIRTY_LOG.</summary>
    ClearDirtyLog,
}
