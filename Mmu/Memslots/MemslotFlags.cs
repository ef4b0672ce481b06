namespace MmuStress.Mmu;

/// <summary>What a memslot is for.</summary>
/// <remarks>Mirrors: KVM_MEM_LOG_DIRTY_PAGES, KVM_MEM_READONLY, KVM_MEMSLOT_INVALID.</remarks>
[Flags]
public enum MemslotFlags : uint
{
    /// <summary>Ordinary memory.</summary>
    None = 0,

    /// <summary>KVM_MEM_LOG_DIRTY_PAGES: writes are tracked.</summary>
    LogDirtyPages = 1,

    /// <summary>KVM_MEM_READONLY: guest writes are MMIO.</summary>
    ReadOnly = 2,

    /// <summary>KVM_MEMSLOT_INVALID: about to go or to move; only KVM sets it.</summary>
    Invalid = 1U << 16,
}
