namespace MmuStress.Mmu;

/// <summary>What KVM_SET_USER_MEMORY_REGION does to a memslot.</summary>
/// <remarks>Mirrors: enum kvm_mr_change.</remarks>
public enum MemslotChange
{
    /// <summary>KVM_MR_CREATE.</summary>
    Create,

    /// <summary>KVM_MR_DELETE.</summary>
    Delete,

    /// <summary>KVM_MR_MOVE: another guest physical address.</summary>
    Move,

    /// <summary>KVM_MR_FLAGS_ONLY.</summary>
    FlagsOnly,
}
