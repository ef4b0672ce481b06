namespace MmuStress.Mmu;

/// <summary>arm64's MMU where a table that a block takes the place of is freed at once, as was right while faults held mmu_lock for write.</summary>
/// <param name="kvm">The VM.</param>
public sealed class Arm64FreeingAtOnce(Kvm kvm) : Arm64Mmu(kvm, "arm64-without-rcu", static arch => new PgtableFreeingAtOnce(arch));
