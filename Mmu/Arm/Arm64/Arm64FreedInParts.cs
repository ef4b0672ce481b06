namespace MmuStress.Mmu;

/// <summary>arm64's MMU with the page table of e9abe311f356: "KVM: arm64: Reschedule as needed when destroying the stage-2 page-tables", as it was before it was reverted.</summary>
/// <param name="kvm">The VM.</param>
public sealed class Arm64FreedInParts(Kvm kvm) : Arm64Mmu(kvm, "arm64-e9abe311f356", static arch => new PgtableFreedInParts(arch));
