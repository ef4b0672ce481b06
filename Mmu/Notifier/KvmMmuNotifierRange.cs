namespace MmuStress.Mmu;

/// <summary>A notification and what is to be done about it.</summary>
/// <remarks>Mirrors: struct kvm_mmu_notifier_range, virt/kvm/kvm_main.c (v6.8).</remarks>
/// <param name="Range">The host addresses.</param>
/// <param name="Handler">What to do in each memslot that is hit; null for nothing.</param>
/// <param name="OnLock">What to do once when any is hit; null for nothing.</param>
/// <param name="FlushOnRet">Whether TLBs are flushed, under mmu_lock, when a handler says so.</param>
/// <param name="MayBlock">Whether it may sleep.</param>
/// <param name="Pte">The new host entry, for change_pte.</param>
/// <param name="MustLock">must_lock, only in the series of April 2021: mmu_lock is taken whether a memslot is hit or not.</param>
public readonly record struct KvmMmuNotifierRange(
    HvaRange Range,
    GfnHandler? Handler,
    OnLockHandler? OnLock,
    bool FlushOnRet,
    bool MayBlock,
    HostPte Pte = default,
    bool MustLock = false);
