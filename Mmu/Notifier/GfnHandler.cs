namespace MmuStress.Mmu;

/// <summary>What a notification does to the part of it that falls into one memslot.</summary>
/// <remarks>Mirrors: gfn_handler_t. Locking: mmu_lock.</remarks>
/// <param name="kvm">The VM.</param>
/// <param name="cpu">The notifier's caller.</param>
/// <param name="range">The part.</param>
/// <returns>Whether something was found that concerns TLBs.</returns>
public delegate Coroutine<bool> GfnHandler(Kvm kvm, Cpu cpu, KvmGfnRange range);
