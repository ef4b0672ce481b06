using MmuStress.Mmu;

namespace MmuStress.Actors;

/// <summary>Asks for KVM_SET_USER_MEMORY_REGION: create, delete, move or change flags.</summary>
/// <param name="Region">Its argument.</param>
public sealed record SetsMemslot(UserspaceMemoryRegion Region) : Message;
