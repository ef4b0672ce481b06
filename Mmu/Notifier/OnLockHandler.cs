namespace MmuStress.Mmu;

/// <summary>What a notification does once, as soon as it holds mmu_lock.</summary>
/// <remarks>Mirrors: on_lock_fn_t. Locking: mmu_lock.</remarks>
/// <param name="kvm">The VM.</param>
/// <param name="cpu">The notifier's caller.</param>
/// <returns>When it is done.</returns>
public delegate Coroutine OnLockHandler(Kvm kvm, Cpu cpu);
