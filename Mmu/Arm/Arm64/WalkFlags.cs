namespace MmuStress.Mmu;

/// <summary>How a page table is walked.</summary>
/// <remarks>Mirrors: enum kvm_pgtable_walk_flags, arch/arm64/include/asm/kvm_pgtable.h (v6.12).</remarks>
[Flags]
internal enum WalkFlags
{
    /// <summary>Nothing is visited.</summary>
    None = 0,

    /// <summary>KVM_PGTABLE_WALK_LEAF: entries that lead to no table are visited, invalid ones included.</summary>
    Leaf = 1,

    /// <summary>KVM_PGTABLE_WALK_TABLE_PRE: entries that lead to a table are visited before what is below them.</summary>
    TablePre = 2,

    /// <summary>KVM_PGTABLE_WALK_TABLE_POST: entries that lead to a table are visited after what is below them.</summary>
    TablePost = 4,

    /// <summary>KVM_PGTABLE_WALK_SHARED: others may walk at the same time; mmu_lock is held for read.</summary>
    Shared = 8,

    /// <summary>KVM_PGTABLE_WALK_HANDLE_FAULT: the walk of a fault handler, which ends where it has lost a race.</summary>
    HandleFault = 16,

    /// <summary>No flag of the kernel's: nobody else can be in the table any more, and only a grace period says so, so that entries are read with marked reads.</summary>
    Unlinked = 32,
}
